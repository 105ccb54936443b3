"""Native crashes (SIGSEGV, SIGABRT and the like): faulthandler's text in a file of its own.

A process that dies by a signal can write only that text. It follows a line of JSON that was written
before; :func:`convert` turns both into a crash file. Forked children write to the same file, so a fork costs
nothing. Its lock is held as long as one of them lives; the last to end removes the file if it has no text.
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
MAX_DUMP_SIZE = 1 << 20  # bytes
MAX_HEAD_LINE = 1 << 16  # bytes of the JSON line
_DUMP_START = re.compile(rb"^(?:Fatal|Taken) Python error", re.MULTILINE)
_CONVERTED = b"Taken"  # overwrites "Fatal" of a text that was converted
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
    """Point faulthandler at a file; returns a function that disables it and removes the file. None if the
    program uses faulthandler itself or the file cannot be written. Never raises."""
    try:
        import faulthandler
        import fcntl

        if faulthandler.is_enabled() or sys.flags.dev_mode:
            return None
        system.makedirs(settings.directory)
        name = "%d-%d%s" % (time.time() * 1e6, system.getpid(), SUFFIX)
        path = os.path.join(settings.directory, name)
        handle = system.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        system.write(handle, dumps(_process_info(settings)).encode("ascii") + b"\n")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held as long as the process lives
        faulthandler.enable(file=handle, all_threads=True)
    except Exception:
        return None

    def stop() -> None:
        try:
            faulthandler.disable()
            system.close(handle)
            _remove_if_done(path)
        except OSError:
            pass

    atexit.register(stop)
    _stop_in_child_finalizer(stop)
    return stop


def _stop_in_child_finalizer(stop: Callable[[], None]) -> None:
    """Call ``stop`` at the end of a multiprocessing child that installs capture: it runs no ``atexit``."""

    def at_end(module: Any) -> None:
        module.Finalize(None, stop, exitpriority=-100)

    def register(module: Any) -> None:
        at_end(module)
        module.register_after_fork(stop, lambda _: at_end(module))  # a new child clears the other finalizers

    if _is_multiprocessing_child():
        after_import("multiprocessing.util", register)


def _is_multiprocessing_child() -> bool:
    if "multiprocessing.process" not in sys.modules:
        return False
    present = of_module("multiprocessing.process", "_current_process")
    begins = (instance_dict(present) or {}).get(
        "_inheriting"
    )  # the child is importing the program's main module
    return bool(begins) or of_module("multiprocessing.process", "_parent_process") is not None


def _remove_if_done(path: str) -> None:
    """Remove the file if all its texts are converted and no process can write to it any more."""
    import fcntl

    handle = system.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        text = system.read(handle, MAX_DUMP_SIZE).partition(b"\n")[2]
        if all(text[start:].startswith(_CONVERTED) for start in _dump_offsets(text)):
            system.unlink(path)
    finally:
        system.close(handle)


def _process_info(settings: Settings) -> Dict[str, Any]:
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
    """Turn the texts of processes that died into crash files beside this one, and remove it once no process
    can write to it. Each text is converted once and then marked.

    :param may_read: whether to include a source file that the stacks name; None for all that look like
        source.
    :returns: the path of the newest crash file; "" if there was no new text, or the file is not one of ours
        (then it stays).
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
        starts = _dump_offsets(rest)
        for number, start in enumerate(starts):
            end = (*starts, len(rest))[number + 1]
            if rest[start:end].startswith(_CONVERTED):
                continue
            text = rest[start:end].decode("utf-8", "replace")
            made = "%s%s.iqcrash" % (path[: -len(SUFFIX)], "-%d" % (number + 1) if number else "")
            whose = _origin(head["pid"], alive or len(starts) > 1)
            write(made, _crash_file(dict(head), text, died, whose, may_read))
            _mark_converted(path, len(first) + 1 + start)
        if not alive:
            system.unlink(path)
        return made
    finally:
        system.close(handle)


def _dump_offsets(text: bytes) -> List[int]:
    """Where the dump of each process begins in faulthandler's text."""
    return [match.start() for match in _DUMP_START.finditer(text)] or ([0] if text.strip() else [])


def _read(handle: int, alive: bool) -> bytes:
    """The file's content. If processes may still write to it, wait until it stops growing."""
    size = -1
    for _ in range(20):
        current_size = system.fstat(handle).st_size
        if current_size == size or not alive:
            break
        size = current_size
        time.sleep(0.05)
    data: bytes = system.pread(handle, MAX_DUMP_SIZE, 0)
    return data


def _mark_converted(path: str, at: int) -> None:
    """Mark the text at that offset as converted. Processes only append, so this does not disturb them."""
    handle = system.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        system.pwrite(handle, _CONVERTED, at)
    finally:
        system.close(handle)


def _origin(pid: Any, several: bool) -> str:
    """In words, which process may have died: faulthandler does not write the process id."""
    if not several or type(pid) is not int:
        return ""
    try:
        system.kill(pid, 0)
    except PermissionError:
        pass
    except (OSError, OverflowError):
        return "in process %d or a child that it forked" % pid
    return "in a child forked from process %d" % pid


def _crash_file(
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
        source = environment.source(path, lines) if may_read is None or may_read(path) else None
        if source is not None:
            container.add("SRCE", source, "the source of " + path)
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
    signal = next((name for description, name in _SIGNALS.items() if description in words), "")
    return ("%s: %s" % (signal, words) if signal else words), signal


def _stacks(text: str) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]:
    """The frames and threads in faulthandler's text."""
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
        frame = _FRAME.match(line)
        if frame and threads:
            number = len(frames) + 1
            at = frame.group("line")
            frames.append(
                {
                    "id": number,
                    "file": frame.group("file"),
                    "line": int(at) if at.isdigit() else 0,
                    "function": frame.group("name"),
                    "module": "",
                    "first_line": 0,
                    "locals": [],
                }
            )
            threads[-1]["frames"].append(number)
    return frames, threads
