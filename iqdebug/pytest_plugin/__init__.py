"""``pytest --iqdebug[=DIR]`` and ``--iqdebug-open``: failing tests as crash files, or opened at once.

Guarantee: without these options a run is not changed, and only this module of iqdebug is imported.

Its sentences stand where they are printed, in English: what runs in the process of the tests imports the
capture and nothing else of iqdebug, so there is no catalogue here.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

__all__ = ["pytest_addoption", "pytest_cmdline_main", "pytest_configure", "pytest_load_initial_conftests"]

_WITHOUT_PROCESSES = "--iqdebug-open is incompatible with distributing tests; try using -n0 or -nauto."
_WITHOUT_PDB = "--iqdebug-open and --pdb both want the terminal: give one of them."


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("iqdebug", "crash files and debugging with iqdebug")
    group.addoption(
        "--iqdebug",
        nargs="?",
        const="",
        default=None,
        metavar="DIR",
        help="write a crash file for each failing test, to DIR (--iqdebug=DIR) or to the folder that "
        "`iqdebug crashes` lists",
    )
    group.addoption(
        "--iqdebug-open",
        action="store_true",
        default=False,
        help="open the first failure in iqdebug's screen, as --pdb opens pdb",
    )
    group.addoption(
        "--iqdebug-no-mask",
        action="store_true",
        default=False,
        help="do not mask secrets in the files",
    )


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: Any, parser: Any, args: list[str]
) -> Generator[None, Any, None]:
    """Treat the word after a bare ``--iqdebug`` as a test's path: a folder needs the equals sign. A conftest
    that fails here ends the run before it starts, so its file is written now."""
    words = args[: args.index("--")] if "--" in args else args
    positions = [at for at, word in enumerate(words) if word == "--iqdebug"]
    if positions:
        for at in positions:
            args[at] = "--iqdebug="
        options = parser.parse_known_args(args, namespace=_copy(early_config.option))
        for name in ("file_or_dir", "iqdebug"):
            setattr(early_config.known_args_namespace, name, getattr(options, name))
    outcome = yield
    if outcome.excinfo is not None and early_config.known_args_namespace.iqdebug is not None:
        from iqdebug.pytest_plugin.recorder import record_conftest

        known_options = early_config.known_args_namespace
        folder = _path(early_config, known_options.iqdebug)
        record_conftest(early_config, outcome.excinfo, folder, mask=not known_options.iqdebug_no_mask)


def _copy(namespace: Any) -> Any:
    import copy

    return copy.copy(namespace)


@pytest.hookimpl(hookwrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, None]:
    """Runs before xdist counts its workers: as with --pdb, ``-n auto`` then means none."""
    option = config.option
    if option.iqdebug_open and getattr(option, "numprocesses", None) in ("auto", "logical"):
        option.numprocesses = 0
        option.dist = "no"
    yield


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    if option.iqdebug is None and not option.iqdebug_open:
        return
    in_worker = hasattr(config, "workerinput")
    if option.iqdebug_open and not in_worker and not option.collectonly:
        if option.usepdb:
            raise pytest.UsageError(_WITHOUT_PDB)
        if getattr(option, "dist", "no") != "no" or getattr(option, "tx", None):
            raise pytest.UsageError(_WITHOUT_PROCESSES)
    if option.iqdebug is not None:
        from iqdebug.pytest_plugin.recorder import Recorder

        # xdist's workers get these options but run in other folders.
        option.iqdebug = _folder(config, option.iqdebug)
        recorder = Recorder(config, option.iqdebug, mask=not option.iqdebug_no_mask)
        config.pluginmanager.register(recorder, "iqdebug-recorder")
    if option.iqdebug_open and not in_worker:
        from iqdebug.pytest_plugin.opener import Opener

        config.pluginmanager.register(Opener(config), "iqdebug-opener")


def _folder(config: pytest.Config, requested: str) -> str:
    """:raises pytest.UsageError: something that is no folder has that name."""
    folder = _path(config, requested)
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise pytest.UsageError(f"--iqdebug={requested}: {folder} is not a folder")
    return folder


def _path(config: pytest.Config, requested: str) -> str:
    from iqdebug.capture.settings import default_directory

    folder = os.path.join(str(config.invocation_params.dir), requested) if requested else default_directory()
    return os.path.abspath(folder)
