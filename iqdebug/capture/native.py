"""Native crashes (SIGSEGV, SIGABRT and their kin): faulthandler's text, kept in a file of its own.

A process that dies by a signal can write nothing more than that text. It goes below a line of
JSON that was written beforehand; :func:`convert` makes a crash file of the two. Children that the
process forks write to the same file, which costs a fork nothing; the lock on it is held for as long as
one of them lives, and the last to end removes the file where nothing was written.
"""

from __future__ import annotations

import atexit
import os
import re
import stat
import sys
import time

from . import environment
from .collect import is_library
from .container import Container, write
from .imports import after_import
from .mask import Masker
from .original_functions import dumps, loads, system
from .settings import Settings
from .values import instance_dict, of_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

SUFFIX = ".native"
MAX_DUMP_SIZE = 1 << 20
MAX_HEAD_LINE = 1 << 16
_DEATH = re.compile(rb"^(?:Fatal|Taken) Python error", re.MULTILINE)
_TAKEN = b"Taken"  # in the place of "Fatal"
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
        system.makedirs(settings.directory)
        name = "%d-%d%s" % (time.time() * 1e6, system.getpid(), SUFFIX)
        path = os.path.join(settings.directory, name)
        handle = system.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        system.write(handle, dumps(_head(settings)).encode("ascii") + b"\n")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held for as long as the process lives
        faulthandler.enable(file=handle, all_threads=True)
    except Exception:
        return None

    def stop() -> None:
        try:
            faulthandler.disable()
            system.close(handle)
            _forget(path)
        except OSError:
            pass

    atexit.register(stop)
    _at_end_of_children(stop)
    return stop


def _at_end_of_children(stop: Callable[[], None]) -> None:
    """A child of multiprocessing's that installs the capture itself ends without ``atexit``."""

    def at_end(module: Any) -> None:
        module.Finalize(None, stop, exitpriority=-100)

    def register(module: Any) -> None:
        at_end(module)
        module.register_after_fork(stop, lambda _: at_end(module))  # a child begins by clearing the others

    if _is_multiprocessings():
        after_import("multiprocessing.util", register)


def _is_multiprocessings() -> bool:
    if "multiprocessing.process" not in sys.modules:
        return False
    present = of_module("multiprocessing.process", "_current_process")
    begins = (instance_dict(present) or {}).get("_inheriting")  # it imports the program's main module
    return bool(begins) or of_module("multiprocessing.process", "_parent_process") is not None


def _forget(path: str) -> None:
    """Remove the file where it holds no text that is not taken and no process writes to it any more."""
    import fcntl

    handle = system.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        text = system.read(handle, MAX_DUMP_SIZE).partition(b"\n")[2]
        if all(text[start:].startswith(_TAKEN) for start in _deaths(text)):
            system.unlink(path)
    finally:
        system.close(handle)


def _head(settings: Settings) -> Dict[str, Any]:
    masker = Masker(settings.mask)
    about = environment.read_environment(masker)
    words = [str(word)[:2_000] for word in sys.argv[:100]]
    masker.learn_from_words(words)
    return {
        "pid": system.getpid(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "implementation": sys.implementation.name,
        "executable": sys.executable or "",
        "argv": [masker.scrub(word) for word in words],
        "cwd": system.getcwd(),
        "platform": sys.platform,
        "masked": settings.mask,
        "created": time.time(),
        "environ": {k: masker.scrub(v)[:2_000] for k, v in list(about["environ"].items())[:500]},
    }


def convert(path: str, may_read: Optional[Callable[[str], bool]] = None) -> str:
    """Make crash files of the texts that processes left behind as they died, beside it, and remove the
    original once no process writes to it. A text is taken once: a mark in its place says so.

    :param may_read: of which files the text that the stacks name is put in; None for all that look
        like source.
    :returns: the path of the newest crash file made; "" when there was no text that is not taken yet, or the
        file is not one of ours (then it stays).
    """
    import fcntl

    try:
        handle = system.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alive = False
        except OSError:
            alive = True
        if not stat.S_ISREG(system.fstat(handle).st_mode):
            return ""
        data = _read(handle, alive)
        died = system.fstat(handle).st_mtime
        first, _, rest = data.partition(b"\n")
        try:
            head = loads(first[:MAX_HEAD_LINE].decode("utf-8"))
        except ValueError:
            return ""
        if type(head) is not dict or "pid" not in head:
            return ""
        made = ""
        starts = _deaths(rest)
        for number, start in enumerate(starts):
            end = (*starts, len(rest))[number + 1]
            if rest[start:end].startswith(_TAKEN):
                continue
            text = rest[start:end].decode("utf-8", "replace")
            made = "%s%s.iqcrash" % (path[: -len(SUFFIX)], "-%d" % (number + 1) if number else "")
            whose = _whose(head["pid"], alive or len(starts) > 1)
            write(made, _file(dict(head), text, died, whose, may_read))
            _mark(path, len(first) + 1 + start)
        if not alive:
            system.unlink(path)
        return made
    finally:
        system.close(handle)


def _deaths(text: bytes) -> List[int]:
    """Where in faulthandler's text each process's begins."""
    return [found.start() for found in _DEATH.finditer(text)] or ([0] if text.strip() else [])


def _read(handle: int, alive: bool) -> bytes:
    """The file's text; of one that is still written to, when it has stood still for a moment."""
    size = -1
    for _ in range(20):
        found = system.fstat(handle).st_size
        if found == size or not alive:
            break
        size = found
        time.sleep(0.05)
    data: bytes = system.pread(handle, MAX_DUMP_SIZE, 0)
    return data


def _mark(path: str, at: int) -> None:
    """Processes append to the file, so that writing in its midst is in nobody's way."""
    handle = system.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        system.pwrite(handle, _TAKEN, at)
    finally:
        system.close(handle)


def _whose(pid: Any, several: bool) -> str:
    """In words, whose death it may have been: faulthandler does not write the process's number."""
    if not several or type(pid) is not int:
        return ""
    try:
        system.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return "in process %d or a child that it forked" % pid
    return "in a child forked from process %d" % pid


def _file(
    head: Dict[str, Any],
    text: str,
    died: float,
    how: str = "",
    may_read: Optional[Callable[[str], bool]] = None,
) -> bytes:
    masker = Masker(bool(head.get("masked", True)))
    title, signal = _title(text)
    frames, threads = _stacks(text)
    own = [row for row in frames if not is_library(row["file"])] or frames
    environ = head.pop("environ", {})
    meta = {
        **head,
        "why": "native",
        "title": title,
        "how": how,
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
    for path, lines in environment.files_of(frames):
        found = environment.source(path, lines) if may_read is None or may_read(path) else None
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
