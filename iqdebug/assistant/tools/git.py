"""git for the tools: asked in a thread, so that nothing waits for it."""

from __future__ import annotations

import asyncio

from iqdebug.capture.git import Repository
from iqdebug.core.errors import MissingTool
from iqdebug.core.messages import message

__all__ = ["ask_git"]


async def ask_git(folder: str, question: str, *arguments: str, seconds: float = 5.0) -> str | None:
    """As :meth:`Repository.run`.

    :raises MissingTool: git is not there.
    """
    try:
        repository = Repository(folder)
    except FileNotFoundError:
        raise MissingTool(message("assistant.no_git"), "", message("assistant.no_git.fix")) from None
    try:
        return await asyncio.to_thread(repository.run, question, *arguments, seconds=seconds)
    except (OSError, ValueError):
        return None
