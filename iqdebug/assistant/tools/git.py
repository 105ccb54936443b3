"""git, asked in a way that runs nothing of the repository's: no hooks, filters, pagers, drivers, network."""

from __future__ import annotations

import asyncio
import contextlib
import os

from iqdebug.errors import MissingTool

__all__ = ["ask_git"]

_MOST = 2_000_000  # bytes of an answer
_QUIET = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "diff.external=",
    "log.showSignature=false",
    "protocol.allow=never",
)


async def ask_git(folder: str, *arguments: str, seconds: float = 5.0) -> str | None:
    """What it prints; None when it fails (no repository, one that belongs to somebody else) or takes
    longer. The person's own and the system's configuration are not read.

    :raises MissingTool: git is not there.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PAGER": "cat",
        "GIT_ATTR_NOSYSTEM": "1",
        "HOME": "/nonexistent",
    }
    options = [word for setting in _QUIET for word in ("-c", setting)]
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            "--no-pager",
            *options,
            *arguments,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise MissingTool("git is not installed here", "", "Install git to see the history.") from None
    except OSError:
        return None
    try:
        return await asyncio.wait_for(_read(process), seconds)
    except (asyncio.TimeoutError, ValueError):
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _read(process: asyncio.subprocess.Process) -> str | None:
    assert process.stdout is not None
    data = b""
    while len(data) < _MOST and (piece := await process.stdout.read(65536)):
        data += piece
    if len(data) >= _MOST:
        return data.decode("utf-8", "replace")
    return data.decode("utf-8", "replace") if await process.wait() == 0 else None
