"""A backend by one URL-like setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from iqdebug.errors import MissingTool, UsageError
from iqdebug.llm.backend import Backend

__all__ = ["open_backend"]

_LARGEST = 32_768


def open_backend(setting: str, mask: Callable[[str], str] | None = None) -> Backend | None:
    """None for ``none``. Nothing is loaded and nobody is connected to before ``start``.

    :param mask: every text that leaves this process for a server goes through it.
    :raises UsageError: it is no setting, or names a file that is not there.
    :raises MissingTool: llama-cpp-python is not installed.
    """
    if setting in ("", "none"):
        return None
    kind, _, rest = setting.partition(":")
    if kind == "llama" and rest:
        return _local(setting, Path(rest).expanduser())
    if kind in ("http", "https") and rest.startswith("//"):
        from iqdebug.llm.http import HttpBackend

        return HttpBackend(setting, mask=mask)
    raise UsageError(f"{setting!r} names no model", "", "Say llama:FILE.gguf, http://host:port/v1 or none")


def _local(setting: str, path: Path) -> Backend:
    from importlib.util import find_spec

    from iqdebug.llm.local import LoadOptions, LocalBackend

    if find_spec("llama_cpp") is None:
        raise MissingTool(
            "llama-cpp-python is not installed", "It runs GGUF files", "pip install 'iqdebug[llama]'"
        )
    if not path.is_file():
        raise UsageError(f"There is no file {path}", "", "iqdebug models list shows what there is")
    return LocalBackend(setting, LoadOptions(model=str(path), n_ctx=_LARGEST))
