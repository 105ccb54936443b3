"""``--iqdebug-open``: opens the first failure in iqdebug's screen, live."""

from __future__ import annotations

import os
from typing import Any

import pytest

from iqdebug.pytest_plugin import holding
from iqdebug.pytest_plugin.failure import raised_by_test

__all__ = ["Opener"]


class Opener:
    """The pytest plugin of one run."""

    def __init__(self, config: pytest.Config) -> None:
        self._opened = False
        self._environ = dict(os.environ)
        self._folder = str(config.invocation_params.dir)

    @pytest.hookimpl(trylast=True)
    def pytest_exception_interact(self, node: Any, call: pytest.CallInfo[Any], report: Any) -> None:
        """Runs last, because other plugins stop their timeouts in this hook."""
        raised = raised_by_test(call.excinfo, report)
        if raised is None or self._opened:
            return
        self._opened = True
        manager = node.config.pluginmanager
        capture = manager.getplugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture(in_=True)
        terminal = manager.getplugin("terminalreporter")
        print_line = terminal.write_line if terminal is not None else print
        if terminal is not None:
            terminal.ensure_newline()
        if not holding.terminal_is_there():
            print_line(
                "iqdebug: there is no terminal to open the failure on; --iqdebug writes a file instead"
            )
            return
        if terminal is not None:
            terminal.write_sep(">", f"{report.nodeid}: opening iqdebug")
            terminal.flush()
        try:
            code = holding.show(*raised, report.nodeid, self._environ, self._folder)
        except OSError as error:
            print_line(f"iqdebug: the screen could not be started: {error}")
            return
        if code == holding.QUIT:
            pytest.exit("Quitting debugger")
        if code != holding.WENT_ON:
            print_line(f"iqdebug: the screen ended with exit code {code}; the run goes on")
