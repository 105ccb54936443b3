"""Imports of what is not there: renamed, removed, not installed, of another version."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import message
from iqdebug.core.state import Anomaly
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.modules import FROM_FILE, NO_ATTRIBUTE, NO_MODULE, NO_NAME, stem
from iqdebug.diagnosis.rules.renamed import DISTRIBUTIONS, GONE
from iqdebug.diagnosis.rules.similar_names import near_name
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["missing_module", "misspelt_import", "renamed", "version_mismatch"]


def renamed(context: CrashContext) -> Iterator[Anomaly]:
    """A name that a library gave up with some version. It is said only where the installed version
    is not older than that; where no version is known, more carefully."""
    at = context.user if context.user is not None else context.own
    if at is None:
        return
    for module, name in _asked_for(context):
        gone = GONE.get((module, name))
        if gone is None:
            continue
        owner, version, instead = gone
        installed = context.facts.python if owner == "python" else _installed(context, owner)
        if installed and _release(installed) < _release(version):
            continue
        if name:
            what = message("anomaly.renamed.name", name=f"{module}.{name}")
        else:
            what = message("anomaly.renamed.module", module=module)
        text = message(
            "anomaly.renamed",
            what=what,
            owner="Python" if owner == "python" else owner,
            version=version,
            installed=message("anomaly.renamed.installed", version=installed) if installed else None,
            instead=instead,
        )
        yield context.anomaly(AnomalyKind.RENAMED, text, at, 0.9 if installed else 0.6)
        return


def _asked_for(context: CrashContext) -> list[tuple[str, str]]:
    """Pairs of module (or type) and name that the failure may be about."""
    text = context.message
    if context.kind in ("ImportError", "ModuleNotFoundError"):
        name = NO_NAME.search(text)
        if name is not None:
            return [(name[3], name[1])]
        missing = NO_MODULE.search(text)
        if missing is None:
            return []
        parts = missing[1].split(".")
        return [(".".join(parts[:n]), "") for n in range(len(parts), 0, -1)]
    if context.kind == "AttributeError":
        module = NO_ATTRIBUTE.search(text)
        if module is not None:
            return [(module[1], module[2])]
        of = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", text)
        return [(of[1].rsplit(".", 1)[-1], of[2])] if of is not None else []
    return []


def _installed(context: CrashContext, name: str) -> str:
    wanted = _normal(name)
    return next((v for n, v in context.facts.distributions if _normal(n) == wanted), "")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, without trailing zeros: (3, 10) for "3.10.0rc1"."""
    match = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version)
    numbers = [int(n) for n in match[1].split(".")[:6]] if match is not None else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def missing_module(context: CrashContext) -> Iterator[Anomaly]:
    """A module that is not there: its name is nearly that of one that is, or its distribution has
    another name and is not installed."""
    at = context.user if context.user is not None else context.own
    missing = NO_MODULE.search(context.message)
    if (
        at is None
        or missing is None
        or missing[2]
        or context.kind not in ("ModuleNotFoundError", "ImportError")
    ):
        return
    module = missing[1]
    top = module.split(".")[0]
    if any((".".join(module.split(".")[: n + 1]), "") in GONE for n in range(module.count(".") + 1)):
        return
    owner = DISTRIBUTIONS.get(module) or DISTRIBUTIONS.get(top)
    known = context.facts.distributions
    if owner is not None and known and not _installed(context, owner):
        text = message("anomaly.not_installed.distribution", module=top, distribution=owner)
        yield context.anomaly(AnomalyKind.NOT_INSTALLED, text, at, 0.9)
        return
    if "." in module or not re.fullmatch(r"\w+", top):
        return
    names = [*sys.stdlib_module_names, *(n.replace("-", "_") for n, _ in known)]
    beside = {stem(f.path) for f in context.frames if f.kind == "user"}
    near = near_name(top, [*names, *beside])
    if near is not None and near.sure:
        text = message("anomaly.near_module", wrong=top, near=near.name, difference=near.difference)
        yield context.anomaly(AnomalyKind.NEAR_NAME, text, at, 0.6)
    elif known and owner is None and not _installed(context, top):
        text = message("anomaly.not_installed", distribution=top, count=len(known))
        yield context.anomaly(AnomalyKind.NOT_INSTALLED, text, at, 0.3)


_VERSION = re.compile(r"^__version__\s*(?::\s*\w+\s*)?=\s*['\"]([\w.+!-]+)['\"]")
_VERSION_FILES = ("__init__.py", "_version.py", "version.py", "__version__.py", "__about__.py")
_PACKAGE = re.compile(r"^(.*(?:site|dist)-packages[/\\])(\w+)[/\\]")
MAX_PACKAGES = 6
MAX_LINES_TO_VERSION = 400


def version_mismatch(context: CrashContext) -> Iterator[Anomaly]:
    """A package whose code says another version than its metadata was installed over an older one,
    or is another copy than the one that the installer knows. Looked for only in packages that the
    exception passed through. Builds between releases are left out: they say what they like."""
    seen: set[str] = set()
    for at in context.code[:200]:
        package = _PACKAGE.match(context.frames[at].path)
        if package is None or package[2] in seen or len(seen) >= MAX_PACKAGES:
            continue
        seen.add(package[2])
        listed = _installed(context, DISTRIBUTIONS.get(package[2], package[2]))
        own = _own_version(context, package[1] + package[2])
        if not listed or not own or any("dev" in v or "+" in v or "unknown" in v for v in (listed, own)):
            continue
        shorter = min(len(_release(listed)), len(_release(own)))
        if shorter and _release(listed)[:shorter] != _release(own)[:shorter]:
            text = message("anomaly.version_mismatch", package=package[2], code=own, metadata=listed)
            yield context.anomaly(AnomalyKind.VERSION_MISMATCH, text, at, 0.6)


def _own_version(context: CrashContext, folder: str) -> str:
    for name in _VERSION_FILES:
        for text in context.texts[f"{folder}/{name}"].lines[:MAX_LINES_TO_VERSION]:
            match = _VERSION.match(text)
            if match is not None:
                return match[1]
    return ""


def misspelt_import(context: CrashContext) -> Iterator[Anomaly]:
    """A name that a file of the person's own does not have, but one near it."""
    at = context.user
    missing = NO_NAME.search(context.message)
    file = FROM_FILE.search(context.message)
    if at is None or missing is None or file is None or missing[2] or context.kind != "ImportError":
        return
    outline = context.texts[file[1]]
    names = [d.name for d in outline.definitions if "." not in d.qualname]
    module = outline.module
    for node in module.body if module is not None else ():
        if isinstance(node, ast.Assign):
            names += [unparsed(t) for t in node.targets]
    near = near_name(missing[1], names)
    if near is not None:
        text = message(
            "anomaly.near_import",
            module=missing[3],
            wrong=missing[1],
            near=near.name,
            difference=near.difference,
        )
        yield context.anomaly(AnomalyKind.NEAR_NAME, text, at, 0.9 if near.sure else 0.6)
