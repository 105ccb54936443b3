"""Records one crash or snapshot: collects it and writes the file."""

from __future__ import annotations

import os
import sys
import threading
import time
import types

from . import environment, values
from .collect import Collector, is_library
from .container import Container, write
from .original_functions import monotonic, system
from .reprs import OwnReprs
from .settings import Settings
from .version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Set, Tuple

    from .mask import Masker

MAX_VALUES = 40_000
MAX_VALUES_LOW_MEMORY = 1_500
MAX_RECORDS = 500  # log records and output lines
VALUES_PER_CHUNK = 4_000
EVENT_LOOP_TIMEOUT = 0.03  # seconds that reading may block an event loop
MAX_FRAMES_FIRST = 30  # frames whose values are written first


class Occasion:
    """The crash or snapshot to record.

    :param why: see ``META.why`` in docs/iqcrash.md.
    :param how: where it was caught, in words.
    :param thread: the thread's id; None for the calling one.
    :param callers: the frame that called the traceback's outermost one; for a snapshot, the innermost.
    :param alone: whether the callers of the traceback's outermost frame are left out.
    :param extra: additional chunks: tag, content.
    """

    def __init__(
        self,
        why: str,
        exc: Optional[BaseException] = None,
        traceback: Any = None,
        *,
        how: str = "",
        thread: Optional[int] = None,
        callers: Any = None,
        extra: Tuple[Tuple[str, Dict[str, Any]], ...] = (),
        alone: bool = False,
    ) -> None:
        self.why = why
        self.exc = exc
        self.traceback = traceback
        self.how = how
        self.thread = thread if thread is not None else threading.get_ident()
        self.callers = callers
        self.extra = extra
        self.alone = alone


def record(occasion: Occasion, settings: Settings, logs: Any = None, path: str = "") -> str:
    """Write the file and return its path. Runs no code of the program except ``__str__`` of its own
    exception classes.

    :param logs: has ``last(count)``: recent records and how many were dropped.
    :raises Exception: anything; the hooks swallow it.
    """
    data, name = gathered(occasion, settings, logs)
    if not path:
        return _write_into(settings.directory, name, data)
    write(path, data)
    return path


def gathered(occasion: Occasion, settings: Settings, logs: Any = None) -> Tuple[bytes, str]:
    """The file's bytes and a name for it. Smaller if memory runs out.

    :raises Exception: like :func:`record`.
    """
    try:
        name, finish = _collect(occasion, settings, logs, MAX_VALUES, settings.seconds)
        return finish(), name
    except (MemoryError, RecursionError):
        name, finish = _collect(occasion, settings, None, MAX_VALUES_LOW_MEMORY, settings.seconds / 4)
        return finish(), name


def deliver(
    occasion: Occasion,
    settings: Settings,
    logs: Any = None,
    on_written: Optional[Callable[[bool], None]] = None,
) -> str:
    """:func:`record`, but block an event loop that runs in this thread for at most about
    ``EVENT_LOOP_TIMEOUT``: only the program's objects are read here, a thread does the rest, and the file
    appears later at the returned path.

    :param on_written: called with whether the file was written, possibly in that thread.
    :raises Exception: like :func:`record`, if no loop runs here.
    """
    on_written = on_written or (lambda written: None)
    if not _loop_runs_here():
        path = record(occasion, settings, logs)
        on_written(True)
        return path
    name, finish = _collect(occasion, settings, logs, MAX_VALUES, settings.seconds, EVENT_LOOP_TIMEOUT)

    def work() -> None:
        try:
            _write_into(settings.directory, name, finish())
        except Exception:
            on_written(False)
        else:
            on_written(True)

    thread = threading.Thread(target=work, name="iqdebug.capture")
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    try:
        thread.start()
    except RuntimeError:  # the interpreter is exiting
        work()
    return os.path.join(settings.directory, name)


def _loop_runs_here() -> bool:
    running = values.of_module("_asyncio", "_get_running_loop")
    return type(running) is types.BuiltinFunctionType and running() is not None


def _write_into(directory: str, name: str, data: bytes) -> str:
    system.makedirs(directory)
    path = os.path.join(directory, name)
    write(path, data)
    return path


def _collect(
    occasion: Occasion,
    settings: Settings,
    logs: Any,
    most_values: int,
    seconds: float,
    reading: Optional[float] = None,
) -> Tuple[str, Callable[[], bytes]]:
    """Read the program's objects, for at most ``reading`` seconds. Returns the file's name and a function
    that does the rest and returns the bytes; it keeps none of those objects alive."""
    started = monotonic()
    reading = seconds * 0.5 if reading is None else reading
    if settings.own_texts:
        values.own_text = OwnReprs(reading * 0.5)
    collected = Collector(settings, most_values, reading)
    masker = collected.masker
    about = environment.read_environment(masker)
    masker.learn_from_words([*_argv(), os.environ.get("PYTHONPATH", "")])
    crash_frames: List[int] = []
    callers = occasion.callers
    if occasion.exc is not None:
        crash_frames = collected.exception(occasion.exc, occasion.traceback)
        outermost = occasion.traceback.tb_frame if occasion.traceback is not None else None
        if outermost is not None and not occasion.alone:
            callers = outermost.f_back
    collected.all_threads(occasion.thread, crash_frames, callers)
    collected.all_tasks()
    for _, content in occasion.extra:
        _learn(masker, content)
    records, dropped = logs.last(MAX_RECORDS) if logs is not None else ([], 0)
    _learn(masker, records)
    collected.let_go()
    meta = _meta(occasion, collected, settings)
    extra = occasion.extra

    def finish() -> bytes:
        sources = _sources(collected, started + seconds * 0.75)
        container = Container(masker, settings.max_bytes)
        container.add("META", meta)
        written: Set[int] = set()
        _add_crash(container, collected, sources, written)
        for tag, content in extra:
            container.add(tag, content, "the %s chunk" % tag)
        if records:
            logged = {"records": records, "dropped": dropped}
            container.add("LOGS", logged, "the last log records")
        listed = {"threads": collected.threads, "tasks": collected.tasks}
        container.add("THRD", listed, "the list of threads")
        _add_rest(container, collected, sources, written)
        about["environ"] = {masker.scrub(name): value for name, value in about["environ"].items()}
        container.add("ENVI", about, "the environment")
        distributions = environment.distributions(started + seconds)
        container.add("DIST", {"distributions": distributions}, "the list of installed distributions")
        if monotonic() < started + seconds:
            revision = environment.git(_project(collected))
            if revision is not None:
                container.add("GITR", revision, "the git revision and diff")
        container.left_out += collected.left_out
        if collected.forest.left_out:
            container.left_out.append("what lies below %d values" % collected.forest.left_out)
        return container.finish()

    return _name(meta), finish


def _meta(occasion: Occasion, collected: Collector, settings: Settings) -> Dict[str, Any]:
    title = "snapshot of %s" % os.path.basename(_argv()[0] if _argv() else "a process")
    if collected.nodes:
        first = collected.nodes[0]
        message = first["message"].strip().split("\n")[0]
        title = first["type"] + (": " + message if message else "")
    return {
        "why": occasion.why,
        "title": title[:300],
        "how": occasion.how,
        "created": time.time(),
        "writer": "iqdebug capture " + VERSION,
        "fingerprint": collected.fingerprint(),
        "pid": system.getpid(),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "implementation": sys.implementation.name,
        "executable": sys.executable or "",
        "argv": _argv(),
        "cwd": _cwd(),
        "platform": _platform(),
        "prefixes": sorted({sys.prefix, sys.base_prefix, os.path.dirname(os.path.abspath(os.__file__))}),
        "thread": occasion.thread,
        "masked": settings.mask,
        "place": collected.place(),
    }


def _argv() -> List[str]:
    """The command line; [] while the interpreter is shutting down."""
    return [str(word) for word in (getattr(sys, "argv", None) or ())[:1000]]


def _cwd() -> str:
    try:
        folder: str = system.getcwd()
        return folder
    except OSError:
        return ""


def _learn(masker: Masker, content: Any) -> None:
    """Register what is a secret by its form in any text of a chunk."""
    if type(content) is str:
        masker.learn_from_text(content[:100_000])
    elif type(content) is dict:
        for value in content.values():
            _learn(masker, value)
    elif type(content) in (list, tuple):
        for value in content:
            _learn(masker, value)


def _platform() -> str:
    try:
        name = system.uname()
    except (AttributeError, OSError):
        return sys.platform
    return "%s %s %s" % (name.sysname, name.release, name.machine)


def _name(meta: Dict[str, Any]) -> str:
    """A file name that sorts by time and is unique among processes and threads."""
    kind = "".join(c for c in meta["title"].split(":")[0].split(".")[-1] if c.isalnum())[:40] or "crash"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(meta["created"]))
    fraction = int(meta["created"] % 1 * 1e6)
    where = (stamp, fraction, meta["pid"], threading.get_native_id(), kind, meta["fingerprint"][:8])
    return "%s.%06d-%d-%d-%s-%s.iqcrash" % where


def _sources(collected: Collector, deadline: float) -> List[Dict[str, Any]]:
    """The source files, the person's own first."""
    files = list(environment.files_of(collected.frames))
    files.sort(key=lambda item: is_library(item[0]))
    known = {path for path, _ in files}
    files += [(path, lines) for path, lines in collected.called.items() if path not in known]
    rows: List[Dict[str, Any]] = []
    for path, lines in files:
        if monotonic() > deadline:
            collected.left_out.append("source text of %d files" % (len(files) - len(rows)))
            break
        source = environment.source(path, lines)
        if source is not None:
            rows.append(source)
            for _, part in source["parts"]:
                if not is_library(path):
                    collected.masker.learn_from_text("\n".join(part)[:400_000])
    return rows


def _add_crash(
    container: Container, collected: Collector, sources: List[Dict[str, Any]], written: Set[int]
) -> None:
    """Add the exception, the frames it passed through, their values and their source."""
    if collected.root is not None:
        container.add("EXCN", {"root": collected.root, "nodes": collected.nodes}, "the exception's tree")
    urgent = collected.frames[: collected.urgent]
    for start in range(0, len(urgent), MAX_FRAMES_FIRST):
        _add_frames(container, collected, urgent[start : start + MAX_FRAMES_FIRST], written)
    files = {row["file"] for row in urgent[:MAX_FRAMES_FIRST]}
    for row in [r for r in sources if r["file"] in files and not is_library(r["file"])]:
        container.add("SRCE", row, "the source of " + row["file"])
        sources.remove(row)
    for node in collected.nodes:
        _add_values(container, collected, [number for _, number in node["attributes"]], written)


def _add_rest(
    container: Container, collected: Collector, sources: List[Dict[str, Any]], written: Set[int]
) -> None:
    rest = collected.frames[collected.urgent :]
    for start in range(0, len(rest), 100):
        _add_frames(container, collected, rest[start : start + 100], written)
    for row in sources:
        container.add("SRCE", row, "the source of " + row["file"])


def _add_frames(
    container: Container, collected: Collector, frames: List[Dict[str, Any]], written: Set[int]
) -> None:
    container.add("FRAM", {"frames": frames}, "%d frames" % len(frames))
    roots = []
    for row in frames:
        roots += [number for _, _, number in row["locals"]]
        roots += [number for _, number in row.get("globals", ())]
    _add_values(container, collected, roots, written)


def _add_values(container: Container, collected: Collector, roots: List[int], written: Set[int]) -> None:
    """Add the values, and those below them, that no chunk holds yet."""
    described = collected.forest.described
    rows: Dict[str, Dict[str, Any]] = {}
    waiting = list(roots)
    while waiting:
        below: List[int] = []
        for number in waiting:
            if number in written or number not in described:
                continue
            written.add(number)
            rows[str(number)] = row = described[number]
            below += [child for _, _, child in row.get("children", ()) if child is not None]
        waiting = below
    numbers = list(rows)
    for start in range(0, len(numbers), VALUES_PER_CHUNK):
        part = {number: rows[number] for number in numbers[start : start + VALUES_PER_CHUNK]}
        container.add("VALU", {"values": part}, "%d values" % len(part))


def _project(collected: Collector) -> str:
    """The folder of the innermost file of the person's own code, else the current folder."""
    own = (row["file"] for row in collected.frames if not is_library(row["file"]))
    path = next((p for p in own if not p.startswith("<")), "")
    return os.path.dirname(path) or _cwd() or "/"
