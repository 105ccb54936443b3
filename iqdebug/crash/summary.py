"""What a crash file says besides frames and values, as headed lines of text."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from iqdebug.core.messages import Text, message, render
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
    "uncaught": message("crash.about.why.uncaught"),
    "thread": message("crash.about.why.thread"),
    "unraisable": message("crash.about.why.unraisable"),
    "task": message("crash.about.why.task"),
    "test": message("crash.about.why.test"),
    "native": message("crash.about.why.native"),
    "caught": message("crash.about.why.caught"),
    "snapshot": message("crash.about.why.snapshot"),
}


def moment_words(seconds: float) -> str:
    """``2026-11-22 14:03``, in this machine's time zone; "at an unknown time" for nonsense."""
    with contextlib.suppress(ValueError, OverflowError, OSError):
        if 0 < seconds <= MAX_TIMESTAMP:
            return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    return render(message("crash.about.unknown_time"))


def about_sections(crash: Crash) -> list[AboutSection]:
    """What matters first; without those that have nothing to say."""
    return [section for section in _sections(crash) if section.lines or section.warnings]


def _sections(crash: Crash) -> Iterator[AboutSection]:
    yield _section(message("crash.about.damage"), crash.missing_messages, SectionKind.DAMAGE)
    yield _file(crash)
    yield _section(message("crash.about.program"), _program(crash))
    if crash.test is not None:
        test = crash.test
        which = message(
            "crash.about.which_test", test=test.nodeid, when=test.when, worker=test.worker or None
        )
        yield _section(message("crash.about.test"), [which, *test.report.splitlines()])
        for title, body in test.sections:
            yield _section(title, body.splitlines())
    if crash.native or crash.signal:
        heading = message("crash.about.native", signal=crash.signal or None)
        yield _section(heading, crash.native.splitlines())
    yield _section(message("crash.about.left_out"), crash.left_out)
    if crash.git is not None:
        git = crash.git
        revision = git.revision or message("crash.about.no_revision")
        head = message("crash.about.revision", revision=revision, branch=git.branch or None)
        changes: list[Text] = [*git.diff.splitlines()] or [message("crash.about.no_changes")]
        changes += [message("crash.about.diff_cut")] if git.diff_cut else []
        yield _section(message("crash.about.git"), [head, git.root] if git.root else [head])
        yield _section(message("crash.about.changes"), changes, SectionKind.DIFF)
    environ = [f"{k}={v}" for k, v in sorted(crash.environ.items())]
    yield _section(message("crash.about.environment", count=len(environ)), environ)
    yield _section(message("crash.about.module_path"), crash.sys_path)
    flags = " ".join(f"{k}={v}" for k, v in sorted(crash.flags.items()) if v)
    yield _section(message("crash.about.flags"), [flags] if flags else [])
    names = [f"{name} {version}".strip() for name, version in crash.distributions]
    yield _section(message("crash.about.distributions", count=len(names)), names)


def _section(
    heading: Text, lines: Sequence[Text], kind: SectionKind = SectionKind.FACTS, warnings: Sequence[Text] = ()
) -> AboutSection:
    return AboutSection(render(heading), tuple(map(render, lines)), kind, tuple(map(render, warnings)))


def _file(crash: Crash) -> AboutSection:
    meta = crash.meta
    why, how = render(_WHY_TEXTS.get(meta.why, meta.why)), f"({meta.how})" if meta.how else ""
    moment = moment_words(meta.created)
    lines: list[Text] = [
        str(crash.path),
        meta.title,
        " ".join(words for words in (why, how) if words),
        message("crash.about.recorded", moment=moment, writer=meta.writer or None),
        message("crash.about.fingerprint", fingerprint=meta.fingerprint) if meta.fingerprint else "",
        message("crash.about.masked") if meta.masked else "",
    ]
    unmasked = message("crash.about.not_masked")
    return _section(
        message("crash.about.file"),
        [line for line in lines if line],
        warnings=() if meta.masked else (unmasked,),
    )


def _program(crash: Crash) -> list[str]:
    meta = crash.meta
    python = " ".join(w for w in (meta.implementation, meta.python) if w)
    rows = [
        (message("crash.about.command"), " ".join(meta.argv)),
        (message("crash.about.folder"), meta.cwd),
        (message("crash.about.process"), str(meta.pid) if meta.pid else ""),
        (message("crash.about.interpreter"), " ".join(w for w in (python, meta.executable) if w)),
        (message("crash.about.platform"), meta.platform),
    ]
    return [f"{render(name):12} {words}" for name, words in rows if words]
