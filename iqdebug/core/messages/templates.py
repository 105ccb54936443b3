"""The templates of a language, read room by room: a command needs the sentences of two or three."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache

__all__ = ["RoomTemplates"]


class RoomTemplates(Mapping[str, str]):
    """:param package: the language's. It has a package for each room, whose ids begin with the room's name.
    :param common: the templates of all other ids.
    :param rooms: the package of each room, by the first word of its ids.
    """

    def __init__(self, package: str, common: Mapping[str, str], rooms: Mapping[str, str]) -> None:
        self._package = package
        self._common = common
        self._rooms = rooms

    def __getitem__(self, message_id: str) -> str:
        room = self._rooms.get(message_id.partition(".")[0])
        return self._common[message_id] if room is None else _of(f"{self._package}.{room}")[message_id]

    def __iter__(self) -> Iterator[str]:
        yield from self._common
        for room in self._rooms.values():
            yield from _of(f"{self._package}.{room}")

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _of(module: str) -> Mapping[str, str]:
    templates: Mapping[str, str] = importlib.import_module(module).TEMPLATES
    return templates
