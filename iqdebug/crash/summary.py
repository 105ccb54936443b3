"""What a crash file says besides frames and values, as headed lines of text."""

from __future__ import annotations

import time
from collections.abc import Iterator

from iqdebug.crash.crash import Crash
from iqdebug.crash.model import MAX_TIMESTAMP

__all__ = ["about_lines", "moment_words"]

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


def about_lines(crash: Crash) -> list[tuple[str, list[str]]]:
    """Headings with their lines, what matters first; without those that have nothing to say."""
    return [(heading, lines) for heading, lines in _sections(crash) if lines]


def _sections(crash: Crash) -> Iterator[tuple[str, list[str]]]:
    yield "What is damaged or missing", list(crash.missing)
    yield "This file", _file(crash)
    yield "The program", _program(crash)
    if crash.test is not None:
        test = crash.test
        where = [f"{test.nodeid} ({test.when})" + (f", worker {test.worker}" if test.worker else "")]
        yield "Test", [*where, *test.report.splitlines()]
        for title, body in test.sections:
            yield title, body.splitlines()
    if crash.native or crash.signal:
        yield "Below Python" + (f": {crash.signal}" if crash.signal else ""), crash.native.splitlines()
    yield "What was left out", list(crash.left_out)
    if crash.git is not None:
        git = crash.git
        head = [f"{git.revision or 'no revision'}" + (f" on {git.branch}" if git.branch else ""), git.root]
        changes = git.diff.splitlines() or ["no uncommitted changes"]
        yield "Git", [line for line in head if line]
        yield "Uncommitted changes", changes + (["… the diff was cut here"] if git.diff_cut else [])
    yield f"Environment ({len(crash.environ)})", [f"{k}={v}" for k, v in sorted(crash.environ.items())]
    yield "Module path", list(crash.sys_path)
    flags = " ".join(f"{k}={v}" for k, v in sorted(crash.flags.items()) if v)
    yield "Interpreter's flags", [flags] if flags else []
    names = [f"{name} {version}".strip() for name, version in crash.distributions]
    yield f"Installed distributions ({len(names)})", names


def _file(crash: Crash) -> list[str]:
    meta = crash.meta
    lines = [
        str(crash.path),
        meta.title,
        " ".join(w for w in (_WHY_TEXTS.get(meta.why, meta.why), f"({meta.how})" if meta.how else "") if w),
        f"recorded {moment_words(meta.created)}" + (f" by {meta.writer}" if meta.writer else ""),
        f"fingerprint {meta.fingerprint}" if meta.fingerprint else "",
        "Secrets were masked; what no rule knows may still stand in it."
        if meta.masked
        else "NOT masked: passwords and keys may stand in it as they were.",
    ]
    return [line for line in lines if line]


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
