"""How suspicious the frames are that an exception passed through.

An error that arises by itself has its cause most often where it arises; one that is raised on purpose
tells about its callers. Wrappers, look-ups, checks and general code count for less.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from iqdebug.core.messages import Text, message
from iqdebug.core.state import ExceptionInfo, Frame
from iqdebug.diagnosis.dataflow.arguments import breaks_contract, is_passthrough, senders
from iqdebug.diagnosis.dataflow.none_values import surely_none
from iqdebug.diagnosis.ranking.code_shape import (
    is_generated,
    is_lookup,
    is_no_case_left,
    raises_for_others,
)
from iqdebug.diagnosis.source.functions import Function, names_in, package_of
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["MAX_FRAMES", "FrameRanking", "relevant_frames"]

MAX_FRAMES = 80
FRAMES_BEFORE = 10
"""Frames of the standard library that are kept before the first that is not of it."""

FURTHER_FRAME_FACTOR = 0.7
MISSING_CASE_WEIGHT = 1.1
COMPLAINING_FACTOR, WRONG_CALL_FACTOR = 0.5, 1.0
GENERATED_FACTOR = 0.5


class FrameRanking:
    """The frames of one failure, innermost first.

    ``code`` are the indices of those whose line can be read and that are not of the standard library:
    there must be one. ``deliberate``: the innermost of them raises on purpose.
    """

    def __init__(
        self, error: ExceptionInfo, frames: Sequence[Frame], code: Sequence[int], texts: Texts
    ) -> None:
        self.error = error
        self.texts = texts
        self.frames = frames
        self.code = code
        self.functions = {i: Function.of(frames[i], texts) for i in code}
        self.first = code[0]
        self.deliberate = isinstance(self.functions[self.first].statement, ast.Raise | ast.Assert)

    def weights(self, suspicious: Sequence[ast.AST]) -> dict[int, float]:
        """The suspicion of each frame.

        :param suspicious: the expressions whose values made the failure.
        """
        deliberate = self.deliberate
        weights: dict[int, float] = {}
        seen: set[tuple[str, str]] = set()
        start = self.first
        home = self._package(start)
        only_lookups = not deliberate
        place, lift = 0, 1.0
        for index in self.code:
            function = self.functions[index]
            key = (function.frame.path, function.qualname)
            weight = self._prior(place, deliberate) * lift
            lift = 1.0
            if is_passthrough(function):
                # A wrapper runs what it was given, whatever that does.
                weights[index] = weight * 0.3
                lift = 1.15
                continue
            place += 1
            if key in seen:
                weight *= 0.3
            seen.add(key)
            if deliberate and index == start and is_no_case_left(function):
                # It tells cases apart and has none for this value: one is missing.
                weight = MISSING_CASE_WEIGHT
            elif deliberate and raises_for_others(function):
                # A function that checks and complains is right more often than who called it.
                weight *= 0.4
                lift = 1.3
            elif only_lookups and is_lookup(function):
                # A look-up of one line does what it is asked for: the caller asked wrongly.
                weight *= 0.45
                lift = 1.65
            else:
                only_lookups = False
            if function.frame.kind == "user" and home not in ("user", "stdlib") and not deliberate:
                weight *= 0.6
            if is_generated(function.frame.path):
                weight *= GENERATED_FACTOR
            weights[index] = weight * self._rarity(index)
        if deliberate:
            self._blame_who_called_the_package(weights)
        self._blame_senders(weights, suspicious)
        return weights

    def _blame_who_called_the_package(self, weights: dict[int, float]) -> None:
        """An installed package that complains on purpose is used by many who do not make it complain.
        Where another package called it, that package's frame at the border passed the wrong thing."""
        home = self._package(self.first)
        border = next((i for i in self.code if self._package(i) != home), None)
        if border is None or any(self.frames[i].kind != "library" for i in (self.first, border)):
            return
        most = max((weights[i] for i in self.code if i < border and i in weights), default=0.0)
        for index in self.code:
            if index < border:
                weights[index] *= COMPLAINING_FACTOR
        weights[border] = max(weights[border], most * WRONG_CALL_FACTOR)

    def _package(self, index: int) -> str:
        return package_of(self.frames[index].path, self.frames[index].kind)

    @staticmethod
    def _prior(place: int, deliberate: bool) -> float:
        """Where nothing else is known: an error that arises by itself most often has its cause
        where it arises; one that is raised on purpose tells about its callers."""
        if deliberate:
            return 0.7 * 0.88**place
        return 1.0 if place == 0 else 0.6 * FURTHER_FRAME_FACTOR ** (place - 1)

    def _rarity(self, index: int) -> float:
        """In a deep stack of one general file, the one frame from a file of special cases stands
        out: the general code serves everybody and is proven by it."""
        if len(self.code) < 8:
            return 1.0
        path = self.frames[index].path
        alike = sum(self.frames[i].path == path for i in self.code)
        same_package = self._package(index) == self._package(self.first)
        return 1.4 if alike == 1 and same_package and self.frames[index].kind != "user" else 1.0

    def _blame_senders(self, weights: dict[int, float], suspicious: Sequence[ast.AST]) -> None:
        """A value that breaks the contract of the function that received it is the fault of the frame
        that made it; those in between only passed it on."""
        first = self.first
        function = self.functions[first]
        for name in [n for node in suspicious for n in names_in(node)][:6]:
            path = senders(self.frames, self.texts, first, name)
            value = function.value(name)
            if not path or value is None:
                continue
            for between in path[:-1]:
                if between in weights:
                    weights[between] *= 0.6
            origin = path[-1]
            # Where the error does not speak of None, it is another value that failed.
            speaks_of_none = self.deliberate or "None" in self.error.message
            crosses = self._package(first) != self._package(origin)
            foreign = speaks_of_none and crosses and value.value == "None"
            # None within one package is as often a case that the receiver should handle; across
            # packages the receiver's contract is what others rely on.
            broken = value.value != "None" and breaks_contract(function, name)
            if not (foreign or broken) or origin not in weights:
                continue
            if self.frames[origin].kind == "user" and self.frames[first].kind != "user" and not foreign:
                continue
            weights[first] *= 0.55
            weights[origin] = max(weights[origin] * 1.5, 0.95)
            return

    def reasons(self, index: int) -> list[Text]:
        if index != self.first:
            return [message("reason.passed_through_call")]
        kind = self.error.type.rsplit(".", 1)[-1]
        if self.deliberate:
            return [message("reason.raised_on_purpose", exception=kind)]
        if self.first:
            return [message("reason.came_out_of_call", exception=kind)]
        none = surely_none(self.functions[index], self.error.message)
        reasons: list[Text] = [message("reason.arises", exception=kind)]
        return [*reasons, message("reason.is_none", name=none)] if none else reasons


def relevant_frames(frames: list[Frame]) -> list[Frame]:
    """The innermost ones; where they are all of the standard library, those around the first that is
    not."""
    first = next((i for i, f in enumerate(frames) if f.kind != "stdlib"), 0)
    start = first - FRAMES_BEFORE if first >= MAX_FRAMES else 0
    return frames[start : start + MAX_FRAMES]
