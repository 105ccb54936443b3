"""Interpreters with real packages, for tests; see :mod:`tests.support.environments`."""

from __future__ import annotations

import pytest

from tests.support.environments import NoEnvironment, interpreter_with
from tests.support.interpreters import interpreters, python_version

__all__ = ["interpreter", "python_with"]


def interpreter(minor: str) -> str:
    """The path of this machine's interpreter of a minor version ("3.12"); skips the test without one."""
    for path in interpreters():
        if python_version(path).startswith(minor + "."):
            return path
    pytest.skip(f"no Python {minor} on this machine")


def python_with(minor: str, *requirements: str) -> str:
    """The interpreter of a kept environment of that minor version in which the requirements are
    installed. Skips the test, with pip's last line, where they cannot be had."""
    try:
        return interpreter_with(interpreter(minor), *requirements)
    except NoEnvironment as error:
        pytest.skip(str(error))
