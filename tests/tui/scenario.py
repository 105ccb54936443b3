"""A scripted target: the order service of ``examples/`` at a breakpoint, with hostile company."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.evidence import Confidence
from iqdebug.core.messages import message
from iqdebug.core.state import (
    Breakpoint,
    Diagnosis,
    ExceptionInfo,
    Frame,
    Gil,
    LogRecord,
    Origin,
    Phase,
    Snapshot,
    Suspect,
    Task,
    Thread,
    ThreadState,
    Variable,
)
from iqdebug.system.source_files import read_lines
from tests.conftest import EXAMPLES, marker

SERVICE = "/srv/shop/orders_service.py"
_SERVICE_HERE = EXAMPLES / "orders_service.py"
NOON = 1_763_812_800.0  # a fixed moment, seconds since the Unix epoch
HOSTILE = "[bold red]x[/] \x1b[31mred\x1b[0m \udc80 \u202eevil \r\n\t日本e\u0301"
"""Markup, an escape sequence, a lone surrogate, a direction override, line ends, wide letters."""

_THREADING = "/usr/lib/python3.12/threading.py"


def line(name: str) -> int:
    return marker(_SERVICE_HERE, name)


def _bootstrap(first_id: int) -> tuple[Frame, ...]:
    names = (("run", 1012), ("_bootstrap_inner", 1075), ("_bootstrap", 1032))
    return tuple(
        Frame(name, _THREADING, at, id=first_id + n, kind="stdlib") for n, (name, at) in enumerate(names)
    )


def _worker(number: int, name: str, place: str, wait: str, *inner: Frame) -> Thread:
    outer = Frame(name, SERVICE, line(place), id=number * 100 + 10, module="__main__")
    state = ThreadState.WAITING if wait else ThreadState.RUNNING
    frames = (*inner, outer, *_bootstrap(number * 100 + 20))
    return Thread(number, name, os_id=4000 + number, state=state, frames=frames, wait_message=wait)


def threads(paused: bool = True) -> tuple[Thread, ...]:
    main = Thread(
        1,
        "MainThread",
        os_id=4001,
        state=ThreadState.WAITING,
        is_main=True,
        wait_message="sleeping",
        frames=(
            Frame("watch", SERVICE, line("watch-pause"), id=101),
            Frame("main", SERVICE, line("main-watch"), id=102),
            Frame("<module>", SERVICE, 120, id=103),
        ),
    )
    get = Frame("get", "/usr/lib/python3.12/queue.py", 171, id=301, kind="stdlib")
    wait = Frame("wait", _THREADING, 355, id=302, kind="stdlib")
    accept = Frame("accept", SERVICE, line("key-error"), id=303, module="__main__")
    intake = replace(
        _worker(3, "intake", "intake-get", "", *((accept,) if paused else (wait, get))),
        state=ThreadState.PAUSED if paused else ThreadState.WAITING,
        wait_message="" if paused else "waits on a condition",
    )
    return (
        main,
        replace(_worker(2, "customers", "customers-pause", ""), gil=Gil.HOLDS),
        intake,
        _worker(4, "packer", "packer-waits", "waits for a lock held by refunder"),
        _worker(5, "refunder", "refunder-waits", "waits for a lock held by packer"),
    )


TASKS = (
    Task("Task-1", "serve()", "running"),
    Task(
        "fetch-7",
        "fetch_prices()",
        "pending",
        awaiting="Future",
        frames=(Frame("fetch_prices", "/srv/shop/prices.py", 41),),
    ),
)


def peek() -> Snapshot:
    """Seen from outside before attaching."""
    return Snapshot(
        pid=4711,
        epoch=0,
        phase=Phase.CONNECTING,
        origin=Origin.PEEK,
        taken_at=NOON,
        python="3.12.1",
        command="python orders_service.py --pace 0.01",
        cwd="/srv/shop",
        threads=threads(paused=False),
        focus=4,
    )


def running(epoch: int = 1) -> Snapshot:
    return replace(peek(), epoch=epoch, phase=Phase.RUNNING, origin=Origin.LIVE, focus=1, reason="attached")


def paused(epoch: int = 2) -> Snapshot:
    return replace(
        peek(),
        epoch=epoch,
        phase=Phase.PAUSED,
        origin=Origin.DAP,
        reason="breakpoint",
        threads=threads(),
        tasks=TASKS,
        focus=3,
    )


def crashed(epoch: int = 3) -> Snapshot:
    return replace(
        paused(epoch),
        phase=Phase.CRASHED,
        reason="uncaught KeyError",
        exception=ExceptionInfo("KeyError", "'sku'"),
    )


def deep(frames: int = 1_000) -> Snapshot:
    """A recursion."""
    path = str(EXAMPLES / "deep_recursion.py")
    stack = tuple(Frame("descend", path, 12, id=9_000 + n) for n in range(frames))
    return replace(
        paused(),
        threads=(Thread(1, "MainThread", state=ThreadState.PAUSED, frames=stack),),
        tasks=(),
        focus=1,
    )


def locals_of(frame: Frame) -> tuple[Variable, ...]:
    if frame.name != "accept":
        return (Variable("self", "<OrderService>", "OrderService", reference=11, evaluate_name="self"),)
    return (
        Variable(
            "self", "<OrderService>", "OrderService", reference=11, kind="argument", evaluate_name="self"
        ),
        Variable(
            "order",
            "{'id': 12, 'count': 3, 'SKU': 'tea'}",
            "dict",
            reference=12,
            size=3,
            kind="argument",
            evaluate_name="order",
        ),
        Variable("history", "[0, 1, 2, 3, 4, 5, …]", "list", reference=13, size=1_000_000, state="cut"),
        Variable("price", "<property>", "property", reference=14, state="lazy", kind="property"),
        Variable("cursor", "", "Cursor", state="slow"),
        Variable("broken", "ZeroDivisionError: division by zero", "Broken", state="raised"),
        Variable("note", HOSTILE, "str", evaluate_name="note"),
        Variable("sku", "'tea'", "str", evaluate_name="sku"),
        Variable("Globals", "", reference=15, kind="group"),
    )


def children_of(reference: int, start: int, count: int) -> tuple[Variable, ...]:
    if reference == 13:
        return tuple(
            Variable(f"[{n}]", str(n), "int", kind="item", evaluate_name=f"history[{n}]")
            for n in range(start, min(start + count, 1_000_000))
        )
    if reference == 12:
        rows = (("'id'", "12"), ("'count'", "3"), ("'SKU'", "'tea'"))
        return tuple(Variable(name, value, kind="item") for name, value in rows)
    return (Variable("pace", "0.01", "float", kind="attribute"),)


def breakpoints() -> tuple[Breakpoint, ...]:
    return (
        Breakpoint(SERVICE, line("key-error"), verified=True),
        Breakpoint(SERVICE, line("grows"), condition="order['count'] > 2", verified=True),
        Breakpoint(SERVICE, 62, log_message="accepted {order['id']}", verified=True),
        Breakpoint(SERVICE, 59, enabled=False),
        Breakpoint(SERVICE, 60, hit_condition=">= 3", remark="no code on this line"),
    )


def records() -> tuple[LogRecord, ...]:
    rows = [
        LogRecord(
            NOON + n,
            "logging",
            f"order {n} accepted: 2 x tea",
            level=20,
            logger="orders",
            path=SERVICE,
            line=62,
        )
        for n in range(1, 12)
    ]
    return (
        *rows,
        LogRecord(NOON + 12, "logging", "order 12 dropped", level=40, logger="orders", path=SERVICE, line=55),
        LogRecord(NOON + 13, "stdout", "settled 3, backlog 21"),
        LogRecord(NOON + 14, "logging", "backlog is 21 orders and growing", level=30, logger="orders"),
        LogRecord(NOON + 15, "stderr", HOSTILE),
    )


def diagnosis(snapshot: Snapshot, earlier: Snapshot | None = None) -> Diagnosis:
    if not snapshot.threads:
        return Diagnosis(message("live.nothing.no_threads"), Confidence.NO_CLEAR_SUSPECT)
    return Diagnosis(
        "packer and refunder wait for each other's locks: neither can go on",
        Confidence.LIKELY,
        suspects=(
            Suspect(
                SERVICE,
                line("packer-waits"),
                "packer",
                0.95,
                reason_messages=(
                    "waits for ledger_lock, which refunder holds",
                    "holds stock_lock since 3.2 s",
                ),
                proof=(Variable("self.ledger_lock", "<locked _thread.lock>"),),
                thread_id=4,
                frame_index=0,
            ),
            Suspect(
                SERVICE,
                line("refunder-waits"),
                "refunder",
                0.9,
                reason_messages=("waits for stock_lock, which packer holds",),
                proof=(Variable("self.stock_lock", "<locked _thread.lock>"),),
                thread_id=5,
                frame_index=0,
            ),
            Suspect(
                SERVICE,
                line("swallowed"),
                "intake",
                0.4,
                reason_messages=("an exception is logged and dropped",),
            ),
        ),
        note_messages=("the stacks were read while the process ran",),
    )


def quiet(snapshot: Snapshot, earlier: Snapshot | None = None) -> Diagnosis:
    return Diagnosis("every thread waits for work", Confidence.NO_CLEAR_SUSPECT)


def read_source(path: str) -> tuple[str, ...]:
    if path == SERVICE:
        return tuple(_SERVICE_HERE.read_text("utf-8").splitlines())
    return read_lines(path)
