"""The names of frames' functions."""

from __future__ import annotations

import sys

import pytest

from iqdebug.capture.stored_attributes import name_of


class Outer:
    def method(self) -> object:
        return lambda: None


def test_a_function_has_its_qualified_name_where_that_is_known() -> None:
    if sys.version_info >= (3, 11):
        assert name_of(Outer.method.__code__) == "Outer.method"
        assert name_of(Outer().method().__code__) == "Outer.method.<locals>.<lambda>"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["fetch", "gevent._gevent_cgreenlet.Greenlet.run"])
def test_code_of_a_carried_traceback_has_the_functions_name(name: str) -> None:
    """Made by tblib, which gevent, Celery and pytest-xdist use."""
    made = compile("raise RuntimeError", "fetching.py", "exec").replace(co_name=name)
    assert name_of(made) == name
