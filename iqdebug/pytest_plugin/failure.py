"""Decides which outcomes are failures to record, and where their traceback begins."""

from __future__ import annotations

import bdb
import doctest
from types import FrameType, TracebackType
from typing import Any

import pytest

__all__ = ["raised_by_test"]

_MACHINERY = (
    *("_pytest", "pytest", "pluggy", "pytest_asyncio", "pytest_rerunfailures", "pytest_timeout", "xdist"),
    *("anyio", "asyncio", "concurrent", "contextlib", "doctest", "importlib", "pytest_trio", "trio"),
    "unittest",
)
"""Top-level modules that call tests and fixtures."""

_ENTRANCES = {
    "_pytest.python": ("pytest_pyfunc_call",),
    "_pytest.fixtures": ("call_fixture_func", "_teardown_yield_fixture"),
}
"""The functions in which pytest calls the test's code; plugins' wrappers are called before them."""

_WRAPPERS = ("CollectError", "ConftestImportFailure")


def raised_by_test(
    excinfo: pytest.ExceptionInfo[BaseException] | None, report: Any
) -> tuple[BaseException, TracebackType | None] | None:
    """The exception of a failure, and its traceback from the test, fixture or module on. None if nothing
    failed: skips, expected failures, the end of the run, failures without exception.

    Import errors and errors in doctests, which pytest wraps for its report, are unwrapped.
    """
    if excinfo is None or report.outcome != "failed":
        return None
    exc: BaseException = excinfo.value
    if isinstance(exc, (KeyboardInterrupt, pytest.exit.Exception, pytest.skip.Exception, bdb.BdbQuit)):
        return None
    own, trace = _unwrapped(exc, excinfo.tb)
    return own, _from_test(trace)


def _unwrapped(exc: BaseException, trace: TracebackType | None) -> tuple[BaseException, TracebackType | None]:
    failures = getattr(exc, "failures", None) if type(exc).__name__ == "MultipleDoctestFailures" else None
    if failures:
        exc = next((f for f in failures if isinstance(f, doctest.UnexpectedException)), failures[0])
    if isinstance(exc, doctest.UnexpectedException):
        return exc.exc_info[1], exc.exc_info[2]
    if type(exc).__name__ in _WRAPPERS and exc.__cause__ is not None:
        return exc.__cause__, exc.__cause__.__traceback__
    return exc, trace


def _from_test(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without pytest's own frames. For a failure in pytest itself, such as a fixture that does
    not exist, the part after its last hook call."""
    step = trace
    while step is not None and not _is_entrance(step.tb_frame):
        step = step.tb_next
    step = step if step is not None else trace
    while step is not None and _root(step.tb_frame) in _MACHINERY:
        step = step.tb_next
    return step if step is not None else _below_hooks(trace)


def _below_hooks(trace: TracebackType | None) -> TracebackType | None:
    step = last = trace
    while step is not None:
        if _root(step.tb_frame) == "pluggy" and step.tb_next is not None:
            last = step.tb_next
        step = step.tb_next
    return last


def _module(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _root(frame: FrameType) -> str:
    return _module(frame).partition(".")[0]


def _is_entrance(frame: FrameType) -> bool:
    return frame.f_code.co_name in _ENTRANCES.get(_module(frame), ())
