"""Writes a crash file for each failing test, setup, teardown and collection."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import time
import traceback
import warnings
from collections.abc import Generator
from types import BuiltinFunctionType, SimpleNamespace
from typing import Any

import pytest

from iqdebug.capture.record import Occasion, record
from iqdebug.capture.settings import Settings, default_directory
from iqdebug.pytest_plugin.failure import raised_by_test

__all__ = ["FILE", "Recorder", "record_conftest"]

FILE = "iqdebug_file"
"""The attribute of a report that names its file; it travels from xdist's workers with the report."""

_PROBLEM = "iqdebug_problem"
_RUN = "iqdebug_run"
MAX_REPORT_LENGTH = 200_000
MAX_SECTION_LENGTH = 100_000


class Recorder:
    """The pytest plugin of one run. Never raises; files that could not be written are reported at the end.

    :param directory: an absolute path.
    """

    def __init__(self, config: pytest.Config, directory: str, *, mask: bool = True) -> None:
        self.directory = directory
        self._settings = Settings(directory, mask)
        self._input: dict[str, Any] = getattr(config, "workerinput", {})
        self._run = self._input.get(_RUN) or f"{_stamp(time.time())}-{os.getpid()}"
        self._files: dict[str, str] = {}
        self._problems: list[str] = []
        self._number = 0

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[Any]) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is None:
            self.write(call, outcome.get_result())

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is None:
            report = outcome.get_result()
            self.write(getattr(report, "call", None), report)

    def write(self, call: pytest.CallInfo[Any] | None, report: Any) -> str:
        """Write the failure's file and return its path; "" if nothing failed or it could not be written."""
        known: str = getattr(report, FILE, "")
        if known or call is None:
            return known
        try:
            raised = raised_by_test(call.excinfo, report)
            if raised is None:
                return ""
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                path = self._write(*raised, report)
        except Exception as error:
            setattr(report, _PROBLEM, f"{type(error).__name__}: {error}")
            return ""
        setattr(report, FILE, path)
        return path

    def _write(self, exc: BaseException, trace: Any, report: Any) -> str:
        content = {
            "nodeid": report.nodeid,
            "when": report.when or "call",
            "report": _cut(report.longreprtext, MAX_REPORT_LENGTH),
            "sections": [[str(title), _cut(text, MAX_SECTION_LENGTH)] for title, text in report.sections],
            "worker": self._input.get("workerid", ""),
        }
        path = ""
        if content["when"] == "collect" and self._input:
            path = self._shared_path(report)
            if os.path.exists(path):
                return path
        elif not isinstance(time.time, BuiltinFunctionType):
            path = self._numbered_path()
        how = f"in the {content['when']} of {report.nodeid}"
        occasion = Occasion("test", exc, trace, how=how, extra=(("TEST", content),), alone=True)
        return record(occasion, self._settings, None, path)

    def _shared_path(self, report: Any) -> str:
        """The path of a collection error's file: the same in all workers, which all collect everything."""
        error_text = f"{report.nodeid}\n{report.longreprtext}".encode("utf-8", "replace")
        return self._path(f"{self._run}-collect-{hashlib.sha256(error_text).hexdigest()[:8]}")

    def _numbered_path(self) -> str:
        """The path of the file of a test that froze the clock, which otherwise makes file names unique."""
        self._number += 1
        return self._path(f"{self._run}-{os.getpid()}-{self._number:06d}")

    def _path(self, name: str) -> str:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        return os.path.join(self.directory, f"{name}.iqcrash")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Called by xdist for each worker it starts."""
        node.workerinput[_RUN] = self._run

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._note(report)

    def pytest_collectreport(self, report: Any) -> None:
        self._note(report)

    def _note(self, report: Any) -> None:
        path = getattr(report, FILE, "")
        if path:
            self._files[path] = report.nodeid
        elif hasattr(report, _PROBLEM):
            self._problems.append(f"{report.nodeid}: {getattr(report, _PROBLEM)}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print one line if there are files; with ``-v``, each file too."""
        if self._files:
            terminalreporter.write_line(_summary(len(self._files), self.directory))
            if terminalreporter.verbosity > 0:
                for path, nodeid in self._files.items():
                    terminalreporter.write_line(f"  {os.path.basename(path)}  {nodeid}")
        for problem in self._problems[:5]:
            terminalreporter.write_line(f"iqdebug: no crash file of {problem}")


def record_conftest(config: Any, excinfo: Any, directory: str, *, mask: bool) -> None:
    """Write the file of a conftest that failed before there were reports. Never raises."""
    failed = pytest.ExceptionInfo.from_exc_info(excinfo)
    own = getattr(failed.value, "__cause__", None) or failed.value
    words = "".join(traceback.format_exception(type(own), own, own.__traceback__))
    path = str(getattr(failed.value, "path", "conftest.py"))
    call: Any = SimpleNamespace(excinfo=failed)
    report = SimpleNamespace(
        nodeid=os.path.relpath(path, str(config.rootpath)),
        when="collect",
        outcome="failed",
        longreprtext=words,
        sections=[],
    )
    if isinstance(failed.value, Exception) and Recorder(config, directory, mask=mask).write(call, report):
        print(_summary(1, directory), file=sys.stderr)


def _summary(many: int, directory: str) -> str:
    folder = "" if directory == default_directory() else f" --dir {shlex.quote(directory)}"
    noun = "crash file" if many == 1 else "crash files"
    return f"iqdebug: {many} {noun} in {directory}; open one with: iqdebug open latest{folder}"


def _stamp(now: float) -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}.{int(now % 1 * 1e6):06d}"


def _cut(text: str, limit: int) -> str:
    """At most ``limit`` characters: a quarter from the beginning, the rest from the end."""
    if len(text) <= limit:
        return text
    first = limit // 4
    left_out = len(text) - limit
    return f"{text[:first]}\n[… {left_out:,} characters left out …]\n{text[first - limit :]}"
