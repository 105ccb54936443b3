"""`iqdebug snapshot`: a crash file of a living process, by its own hand or from outside."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iqdebug.capture import environment
from iqdebug.capture.container import Container, write
from iqdebug.capture.mask import Masker
from iqdebug.core.errors import AttachTimeout, CannotAttach, MissingTool, UsageError
from iqdebug.core.messages import Text, message
from iqdebug.core.state import Frame, Snapshot, Variable
from iqdebug.crash.folder import put
from iqdebug.dap.record_process import read_process
from iqdebug.peek.first_look import peek
from iqdebug.peek.preflight import require_attachable
from iqdebug.peek.start_info import reach_of_process
from iqdebug.system import signals

__all__ = ["save_snapshot"]

ENTRY_TIMEOUT = 5.0  # seconds for the process to reach a point where it can be entered


def save_snapshot(
    pid: int,
    path: Path | None,
    *,
    attach: bool = True,
    mask: bool = True,
    progress: Callable[[str], None] = lambda words: None,
) -> tuple[Path, Text]:
    """Write the file; returns its path and, where the process was only looked at from outside, why.

    :param path: where to; None for the folder of crash files.
    :param attach: whether the process may be entered, which keeps values whole.
    :raises TargetError: the process cannot even be looked at.
    :raises UsageError: the file cannot be written.
    """
    data = b""
    why: Text = message("cli.snapshot.asked_for")
    if attach:
        try:
            info = require_attachable(pid)
            data = signals.run(read_process(info, mask=mask, wait=ENTRY_TIMEOUT, progress=progress))
        except (AttachTimeout, CannotAttach, MissingTool) as error:
            what, cause, _ = error.texts
            why = cause or what
    if not data:
        data = from_outside(peek(pid), mask)
    else:
        why = ""
    if path is None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        return put(f"{stamp}.{time.time_ns() % 10**9 // 1000:06d}-{pid}-snapshot.iqcrash", data), why
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(str(path), data)
    except OSError as error:
        raise UsageError(
            message("cli.snapshot.cannot_write", path=str(path)), error.strerror or str(error)
        ) from None
    return path, why


def from_outside(snapshot: Snapshot, mask: bool) -> bytes:
    """A look from outside as a crash file: stacks and the text of locals, nothing below them. The words
    in a file are those of :mod:`iqdebug.capture`, in English: it may be read in another language."""
    masker = Masker(mask)
    frames: list[dict[str, Any]] = []
    values: dict[str, dict[str, Any]] = {}

    def frame_row(frame: Frame) -> int:
        row: dict[str, Any] = {
            "id": len(frames) + 1,
            "file": frame.path,
            "line": frame.line,
            "function": frame.name,
            "module": frame.module,
            "first_line": frame.first_line,
            "locals": [[v.name, _kind(v), value_row(v)] for v in frame.locals or ()],
        }
        frames.append(row)
        return len(frames)

    def value_row(variable: Variable) -> int:
        if masker.is_secret(variable.name, variable.value):
            masker.learn(variable.value.strip("'\""))
        masker.learn_from_text(f"{variable.name}={variable.value}")
        number = len(values) + 1
        values[str(number)] = {
            "type": variable.type,
            "text": variable.value,
            "cut": variable.state == "cut",
        }
        return number

    threads = [
        {
            "id": thread.id,
            "os": thread.os_id,
            "name": thread.name,
            "main": thread.is_main,
            "crashed": thread.id == snapshot.focus,
            "frames": [frame_row(f) for f in thread.frames if f.kind != "label"],
            "frames_total": thread.frames_total or len(thread.frames),
        }
        for thread in snapshot.threads
    ]
    container = Container(masker, 64 << 20)
    names = "\n".join(f"{row['file']}:{row['function']}" for row in frames[:8])
    container.add(
        "META",
        {
            "why": "snapshot",
            "title": f"snapshot of {snapshot.command[:80]}",
            "how": "looked at from outside",
            "created": snapshot.taken_at,
            "writer": "iqdebug snapshot",
            "fingerprint": hashlib.sha256(names.encode("utf-8", "replace")).hexdigest()[:16],
            "pid": snapshot.pid,
            "python": snapshot.python,
            "argv": snapshot.command.split(),
            "cwd": snapshot.cwd,
            "platform": " ".join(os.uname()[:3]),
            "thread": snapshot.focus,
            "masked": mask,
        },
    )
    container.add("THRD", {"threads": threads, "tasks": []})
    container.add("FRAM", {"frames": frames})
    container.add("VALU", {"values": values})
    reach = reach_of_process(snapshot.pid, snapshot.cwd)
    for path, lines in environment.files_of(frames):
        source = environment.source(path, lines) if not reach.why_not(path) else None
        if source is not None:
            container.add("SRCE", source, f"the source of {path}")
    container.left_out.append("what lies below each value: the process was looked at from outside")
    return container.finish()


def _kind(variable: Variable) -> str:
    return "argument" if variable.kind == "argument" else "local"
