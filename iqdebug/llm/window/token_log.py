"""The token log: blocks with their exact token ids. Blocks are added and removed only at the end."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from iqdebug.core.messages import Text, message
from iqdebug.llm.backends.base import Block
from iqdebug.llm.messages import Message, Source, Tool

__all__ = ["DamagedLog", "Entry", "TokenLog"]

_MAGIC = b"iqdebug log 1\n"


class DamagedLog(ValueError):
    """The file is truncated, was changed, or is not a saved log; ``why`` says which."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Entry:
    """A block's tokens.

    :param emitted: the part of the template text between this block and the next that these tokens
        already contain.
    :param generated: how many of the last tokens the model generated itself.
    """

    block: Block
    ids: tuple[int, ...]
    emitted: str = ""
    generated: int = 0


class _Saved(msgspec.Struct, frozen=True):
    identity: str
    next_mark: int
    tools: tuple[Tool, ...]
    entries: tuple[Entry, ...]
    state: str = ""  # name of the file beside it that holds the model's state
    state_size: int = 0
    state_check: int = 0


class TokenLog:
    """Marks increase and are never reused, also not after :meth:`cut` or :meth:`clear`."""

    def __init__(self) -> None:
        self.tools: tuple[Tool, ...] = ()
        self._entries: list[Entry] = []
        self._ids: list[int] = []
        self._next_mark = 1

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(entry.block for entry in self._entries)

    @property
    def messages(self) -> list[Message]:
        return [entry.block.message for entry in self._entries]

    @property
    def ids(self) -> list[int]:
        """A copy of all tokens."""
        return list(self._ids)

    @property
    def used(self) -> int:
        return len(self._ids)

    @property
    def prefix(self) -> list[int]:
        """The tokens of the system prompt and the tools, if the log begins with them."""
        first = self._entries[0] if self._entries else None
        return list(first.ids) if first is not None and first.block.message.role == "system" else []

    @property
    def emitted(self) -> str:
        """The part of the template text before the next block that the log already contains."""
        return self._entries[-1].emitted if self._entries else ""

    def add(
        self,
        message: Message,
        ids: Sequence[int],
        emitted: str = "",
        generated: int = 0,
        partial: bool = False,
        source: Source | None = None,
    ) -> Block:
        """Append a block."""
        block = Block(self._next_mark, source or message.source, message, len(ids), partial)
        self._next_mark += 1
        self._entries.append(Entry(block, tuple(ids), emitted, generated))
        self._ids.extend(ids)
        return block

    def cut(self, mark: int) -> None:
        """Remove the block ``mark`` and all that follow.

        :raises KeyError: there is no such block.
        """
        for place, entry in enumerate(self._entries):
            if entry.block.mark == mark:
                length = sum(len(kept.ids) for kept in self._entries[:place])
                del self._entries[place:]
                del self._ids[length:]
                return
        raise KeyError(mark)

    def clear(self) -> None:
        self._entries.clear()
        self._ids.clear()
        self.tools = ()

    # On disk.

    def dump(self, identity: str, state: str = "", state_size: int = 0, state_check: int = 0) -> bytes:
        """The log for a file. ``identity`` is the model's; ``state`` names the file with its state."""
        saved = _Saved(
            identity, self._next_mark, self.tools, tuple(self._entries), state, state_size, state_check
        )
        body = msgspec.msgpack.encode(saved)
        return _MAGIC + zlib.crc32(body).to_bytes(4, "little") + body

    @staticmethod
    def parse(data: bytes) -> tuple[TokenLog, str, tuple[str, int, int]]:
        """The log, the model's identity, and the state file's name, size and checksum.

        :raises DamagedLog: it is damaged, or none.
        """
        start = len(_MAGIC) + 4
        if not data.startswith(_MAGIC):
            raise DamagedLog(message("llm.saved.no_log"))
        body = data[start:]
        if zlib.crc32(body) != int.from_bytes(data[len(_MAGIC) : start], "little"):
            raise DamagedLog(message("llm.saved.changed"))
        try:
            saved = msgspec.msgpack.decode(body, type=_Saved)
        except msgspec.DecodeError as error:
            raise DamagedLog(str(error)) from error
        if any(entry.block.tokens != len(entry.ids) for entry in saved.entries):
            raise DamagedLog(message("llm.saved.counts"))
        log = TokenLog()
        log.tools = saved.tools
        log._entries = list(saved.entries)
        log._ids = [token for entry in saved.entries for token in entry.ids]
        log._next_mark = saved.next_mark
        return log, saved.identity, (saved.state, saved.state_size, saved.state_check)
