"""Runs what the person types after a slash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from iqdebug.assistant.transcript import Transcript
from iqdebug.core.errors import IqdebugError
from iqdebug.core.messages import Text, message, render

__all__ = ["Command", "CommandDispatcher"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Command(Generic[S]):
    """``/name``.

    :param help: one line.
    :param run: called with the session and what stands behind the name.
    """

    name: str
    help: Text
    run: Callable[[S, str], Awaitable[None]]


class CommandDispatcher(Generic[S]):
    """:param session: what commands work on."""

    def __init__(self, commands: Sequence[Command[S]], session: S, transcript: Transcript) -> None:
        self._commands = {command.name: command for command in commands}
        self._session = session
        self._transcript = transcript
        self._used: set[str] = set()

    @property
    def names(self) -> Sequence[str]:
        return tuple(self._commands)

    @property
    def used(self) -> frozenset[str]:
        """The commands that were run, as they are typed."""
        return frozenset(self._used)

    @staticmethod
    def is_command(text: str) -> bool:
        """Two slashes begin a question that begins with a slash."""
        return text.startswith("/") and not text.startswith("//")

    async def dispatch(self, text: str) -> None:
        """Run a command. What goes wrong stands in the transcript."""
        name, _, rest = text[1:].partition(" ")
        command = self._commands.get(name)
        if command is None:
            self._transcript.add("note", message("assistant.note.no_such_command", name=name))
            return
        self._used.add(f"/{name}")
        try:
            await command.run(self._session, rest.strip())
        except IqdebugError as error:
            self._transcript.add("error", "\n".join(error.lines()))

    def help_lines(self) -> list[str]:
        return [f"/{command.name:<10} {render(command.help)}" for command in self._commands.values()]
