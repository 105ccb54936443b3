"""What a crash file says besides frames and values, as headed lines of text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from iqdebug.crash.crash import Crash
from iqdebug.crash.model import MAX_TIMESTAMP

__all__ = ["AboutSection", "SectionKind", "about_sections", "moment_words"]


class SectionKind(Enum):
    """What the lines of a section are, whatever its heading says."""

    FACTS = "facts"
    DAMAGE = "damage"
    DIFF = "diff"


@dataclass(frozen=True, slots=True)
class AboutSection:
    """A heading with its lines; ``warnings`` are lines below them that a person must not miss."""

    heading: str
    lines: tuple[str, ...]
    kind: SectionKind = SectionKind.FACTS
    warnings: tuple[str, ...] = ()


_WHY_TEXTS = {
    "uncaught": "an exception that nothing caught",
    "thread": "an exception that ended a thread",
    "unraisable": "an exception where none can be raised (a __del__, a callback)",
    "task": "an exception of an asyncio task",
    "test": "a test that failed",
    "native": "a crash below Python",
    "caught": "an exception that the program caught and recorded",
    "snapshot": "a snapshot of a living process",
}


def moment_words(seconds: float) -> str:
    """``2026-11-22 14:03``, in this machine's time zone; "at an unknown time" for nonsense."""
    if not 0 < seconds <= MAX_TIMESTAMP:
        return "at an unknown time"
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def about_sections(crash: Crash) -> list[AboutSection]:
    """What matters first; without those that have nothing to say."""
    return [section for section in _sections(crash) if section.lines or section.warnings]


def _sections(crash: Crash) -> Iterator[AboutSection]:
    yield AboutSection("What is damaged or missing", tuple(crash.missing), SectionKind.DAMAGE)
    yield _file(crash)
    yield _section("The program", _program(crash))
    if crash.test is not None:
        test = crash.test
        where = [f"{test.nodeid} ({test.when})" + (f", worker {test.worker}" if test.worker else "")]
        yield _section("Test", [*where, *test.report.splitlines()])
        for title, body in test.sections:
            yield _section(title, body.splitlines())
    if crash.native or crash.signal:
        heading = "Below Python" + (f": {crash.signal}" if crash.signal else "")
        yield _section(heading, crash.native.splitlines())
    yield _section("What was left out", crash.left_out)
    if crash.git is not None:
        git = crash.git
        head = [f"{git.revision or 'no revision'}" + (f" on {git.branch}" if git.branch else ""), git.root]
        changes = git.diff.splitlines() or ["no uncommitted changes"]
        changes += ["… the diff was cut here"] if git.diff_cut else []
        yield _section("Git", [line for line in head if line])
        yield AboutSection("Uncommitted changes", tuple(changes), SectionKind.DIFF)
    environ = [f"{k}={v}" for k, v in sorted(crash.environ.items())]
    yield _section(f"Environment ({len(environ)})", environ)
    yield _section("Module path", crash.sys_path)
    flags = " ".join(f"{k}={v}" for k, v in sorted(crash.flags.items()) if v)
    yield _section("Interpreter's flags", [flags] if flags else [])
    names = [f"{name} {version}".strip() for name, version in crash.distributions]
    yield _section(f"Installed distributions ({len(names)})", names)


def _section(heading: str, lines: Sequence[str]) -> AboutSection:
    return AboutSection(heading, tuple(lines))


def _file(crash: Crash) -> AboutSection:
    meta = crash.meta
    lines = [
        str(crash.path),
        meta.title,
        " ".join(w for w in (_WHY_TEXTS.get(meta.why, meta.why), f"({meta.how})" if meta.how else "") if w),
        f"recorded {moment_words(meta.created)}" + (f" by {meta.writer}" if meta.writer else ""),
        f"fingerprint {meta.fingerprint}" if meta.fingerprint else "",
        "Secrets were masked; what no rule knows may still stand in it." if meta.masked else "",
    ]
    unmasked = () if meta.masked else ("NOT masked: passwords and keys may stand in it as they were.",)
    return AboutSection("This file", tuple(line for line in lines if line), warnings=unmasked)


def _program(crash: Crash) -> list[str]:
    meta = crash.meta
    python = " ".join(w for w in (meta.implementation, meta.python) if w)
    rows = [
        ("command", " ".join(meta.argv)),
        ("folder", meta.cwd),
        ("process", str(meta.pid) if meta.pid else ""),
        ("interpreter", " ".join(w for w in (python, meta.executable) if w)),
        ("platform", meta.platform),
    ]
    return [f"{name:12} {words}" for name, words in rows if words]
