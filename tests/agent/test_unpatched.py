"""The importer of the debugger's modules, when several threads load one module at once."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from iqdebug.agent.unpatched import Importer

SLOW = "import time\ntime.sleep(0.1)\nready = True\n"


def test_no_thread_is_given_a_module_that_is_half_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pydevd_of_this_test.py").write_text(SLOW)
    importer = Importer(str(tmp_path), threading.get_ident())
    monkeypatch.setattr(importer, "_vendored", str(tmp_path))
    complete: list[bool] = []

    def ask() -> None:
        complete.append(hasattr(importer.load("pydevd_of_this_test"), "ready"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.modules.pop("pydevd_of_this_test", None)
    assert complete == [True] * 4
