"""Native crashes (SIGSEGV, SIGABRT and their kin): faulthandler's text, kept in a file of its own.

A process that dies by a signal can write nothing more than that text. It goes below a line of
JSON that was written beforehand; when the process is gone, :func:`convert` makes a crash file
of the two. A process that ends otherwise leaves nothing.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import stat
import sys
import time

from . import surroundings
from .collect import is_library
from .container import Container, write
from .mask import Masker
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

SUFFIX = ".native"
_MOST = 1 << 20
_HEAD_LINE = 1 << 16
_FRAME = re.compile(r'  File "(?P<file>.*)", line (?P<line>\d+|\?\?\?) in (?P<name>.*)$')
_THREAD = re.compile(r"(?P<current>Current thread|Thread) 0x(?P<id>[0-9a-f]+)")
_SIGNALS = {
    "Segmentation fault": "SIGSEGV",
    "Aborted": "SIGABRT",
    "Floating point exception": "SIGFPE",
    "Floating-point exception": "SIGFPE",
    "Bus error": "SIGBUS",
    "Illegal instruction": "SIGILL",
}


def start(settings: Settings) -> Optional[Callable[[], None]]:
    """Point faulthandler at a file; the returned function takes it out and removes the file. None
    when the program uses faulthandler itself, or nothing can be written. Never raises."""
    try:
        import faulthandler
        import fcntl

        if faulthandler.is_enabled() or sys.flags.dev_mode:
            return None
        os.makedirs(settings.directory, mode=0o700, exist_ok=True)
        name = "%d-%d%s" % (time.time() * 1e6, os.getpid(), SUFFIX)
        path = os.path.join(settings.directory, name)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        os.write(handle, json.dumps(_head(settings)).encode("ascii") + b"\n")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held for as long as the process lives
        faulthandler.enable(file=handle, all_threads=True)
    except Exception:
        return None
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() != owner:
            return  # a forked child: the file is its parent's
        try:
            faulthandler.disable()
            os.unlink(path)
            os.close(handle)
        except OSError:
            pass

    atexit.register(stop)
    return stop


def _head(settings: Settings) -> Dict[str, Any]:
    masker = Masker(settings.mask)
    about = surroundings.environment(masker)
    words = [str(word)[:2_000] for word in sys.argv[:100]]
    masker.learn_from_words(words)
    return {
        "pid": os.getpid(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "implementation": sys.implementation.name,
        "executable": sys.executable or "",
        "argv": [masker.scrub(word) for word in words],
        "cwd": os.getcwd(),
        "platform": sys.platform,
        "masked": settings.mask,
        "created": time.time(),
        "environ": {k: masker.scrub(v)[:2_000] for k, v in list(about["environ"].items())[:500]},
    }


def convert(path: str, may_read: Optional[Callable[[str], bool]] = None) -> str:
    """Make a crash file of a dead process's text, beside it, and remove the original.

    :param may_read: of which files the text that the stacks name is put in; None for all that look
        like source.
    :returns: the crash file's path; "" when the process lives, or left no text (then the file is
        removed), or the file is not one of ours (then it stays).
    """
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return ""  # its process lives
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return ""
        data, died = os.read(handle, _MOST), status.st_mtime
    finally:
        os.close(handle)
    first, _, rest = data.partition(b"\n")
    try:
        head = json.loads(first[:_HEAD_LINE])
    except ValueError:
        return ""
    if type(head) is not dict or "pid" not in head:
        return ""
    text = rest.decode("utf-8", "replace")
    if not text.strip():
        os.unlink(path)
        return ""
    target = path[: -len(SUFFIX)] + ".iqcrash"
    write(target, _file(head, text, died, may_read))
    os.unlink(path)
    return target


def _file(head: Dict[str, Any], text: str, died: float, may_read: Optional[Callable[[str], bool]]) -> bytes:
    masker = Masker(bool(head.get("masked", True)))
    title, signal = _title(text)
    frames, threads = _stacks(text)
    own = [row for row in frames if not is_library(row["file"])] or frames
    environ = head.pop("environ", {})
    meta = {
        **head,
        "why": "native",
        "title": title,
        "created": died,
        "writer": "iqdebug capture (faulthandler)",
        "fingerprint": _fingerprint(signal, own),
        "thread": next((t["id"] for t in threads if t["crashed"]), None),
    }
    container = Container(masker, 8_000_000)
    container.add("META", meta)
    container.add("NATV", {"signal": signal, "text": text})
    container.add("FRAM", {"frames": frames})
    container.add("THRD", {"threads": threads, "tasks": []})
    for path, lines in surroundings.files_of(frames):
        found = surroundings.source(path, lines) if may_read is None or may_read(path) else None
        if found is not None:
            container.add("SRCE", found, "the source of " + path)
    container.add("ENVI", {"environ": environ, "sys_path": [], "flags": {}})
    container.left_out.append("values: a process that dies by a signal leaves its stacks alone")
    return container.finish()


def _fingerprint(signal: str, frames: List[Dict[str, Any]]) -> str:
    import hashlib

    places = ["%s:%s" % (os.path.basename(row["file"]), row["function"]) for row in frames[:8]]
    return hashlib.sha256("\n".join([signal, *places]).encode("utf-8", "replace")).hexdigest()[:16]


def _title(text: str) -> Tuple[str, str]:
    first = next((line for line in text.split("\n") if line.startswith("Fatal Python error")), "")
    words = first.partition(": ")[2].strip() or "Fatal Python error"
    signal = next((name for said, name in _SIGNALS.items() if said in words), "")
    return ("%s: %s" % (signal, words) if signal else words), signal


def _stacks(text: str) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]:
    """The frames and threads of faulthandler's text."""
    frames: List[Dict[str, Any]] = []
    threads: List[Dict[str, Any]] = []
    for line in text.split("\n"):
        head = _THREAD.match(line)
        if head:
            ident = int(head.group("id"), 16)
            crashed = head.group("current") == "Current thread"
            threads.append(
                {
                    "id": ident,
                    "name": "the thread that crashed" if crashed else "thread 0x%x" % ident,
                    "crashed": crashed,
                    "frames": [],
                }
            )
            continue
        found = _FRAME.match(line)
        if found and threads:
            number = len(frames) + 1
            at = found.group("line")
            frames.append(
                {
                    "id": number,
                    "file": found.group("file"),
                    "line": int(at) if at.isdigit() else 0,
                    "function": found.group("name"),
                    "module": "",
                    "first_line": 0,
                    "locals": [],
                }
            )
            threads[-1]["frames"].append(number)
    return frames, threads
