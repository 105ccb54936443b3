"""Gives the marks of an answer that grows."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

from iqdebug.assistant.fact_check.claims import (
    NameClaim,
    PlaceClaim,
    ValueClaim,
    functions_named,
    place_claims,
    value_claims,
)
from iqdebug.assistant.fact_check.comparison import contradicts
from iqdebug.assistant.fact_check.facts import Facts, Held
from iqdebug.assistant.fact_check.sentences import Sentence, SentenceReader
from iqdebug.assistant.transcript import Mark
from iqdebug.core.messages import Message, message, render
from iqdebug.core.state import Frame

__all__ = ["AnswerCheck"]

MAX_MARKS = 30
"""Of one answer; after so many it is known to be wrong."""
MAX_VALUE = 80  # characters that a mark shows

_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u2e80-\uffef]")
_HERE = re.compile(
    r"\b(?:here|now|currently|"
    r"at (?:this|the) (?:point|moment|stop|crash|failure|time of the (?:crash|failure|error)))\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"\blines? (\d{1,7})\b")
_ROOT = re.compile(r"\w+")
_ATTRIBUTE = re.compile(r"\w+\.(\w+)")


class AnswerCheck:
    """Of one answer. Each mark is given once, also where the answer repeats itself.

    :param facts: of the stop that the answer speaks of.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._reader = SentenceReader(facts.holds_line)
        self._marks: tuple[Mark, ...] = ()

    def read(self, answer: str, whole: bool = False) -> tuple[Mark, ...]:
        """All marks of the answer so far, in order. Only whole sentences are judged.

        :param answer: all of it so far.
        :param whole: nothing follows.
        """
        for sentence in self._reader.read(answer, whole):
            for claim, words in self._wrong(sentence) if len(self._marks) < MAX_MARKS else ():
                mark = Mark(sentence.end, claim, render(words))
                if not any(_is_repeated(mark, earlier) for earlier in self._marks):
                    self._marks += (mark,)
        return self._marks

    def _wrong(self, sentence: Sentence) -> Iterator[tuple[str, Message]]:
        of_now = sentence.of_now and not _OTHER_SCRIPT.search(sentence.text)
        places = list(place_claims(sentence.text, of_now))
        for place in places:
            wrong = self._wrong_place(place, of_now)
            if wrong is not None:
                yield place.words, wrong
        if not (of_now and self._facts.values_are_known):
            return
        for claim in value_claims(sentence.text):
            if isinstance(claim, NameClaim):
                wrong = self._wrong_name(_ROOT.findall(claim.name)[0])
            else:
                wrong = self._wrong_value(claim, sentence.text, places)
            if wrong is not None:
                yield claim.words, wrong

    # values

    def _wrong_value(self, claim: ValueClaim, sentence: str, places: list[PlaceClaim]) -> Message | None:
        root = _ROOT.match(claim.expression)
        assert root is not None
        name, facts = root[0], self._facts
        held = facts.held(name)
        if not held:
            return self._wrong_name(name) if claim.is_quoted else None
        functions = functions_named(sentence) - {name}
        if facts.has_name_elsewhere(functions, name):
            return None
        meant = [h for h in held if h.frame.name.rpartition(".")[2] in functions or _is_at(h.frame, places)]
        held = meant or held
        if len({_identity(h) for h in held}) > 1:
            return None
        if any(self._is_of_another_time(h, name, sentence, places) for h in held):
            return None
        if claim.as_code and facts.assigns(name, claim.value):
            return None
        is_whole = claim.relation == "is" and claim.expression == name
        if is_whole and facts.is_part_of_another(name, claim.value):
            return None
        value = facts.at_path(held[0], claim.expression)
        if value is None:
            attribute = _ATTRIBUTE.fullmatch(claim.expression)
            known = attribute and claim.is_quoted and facts.has_plain_class(held[0].variable)
            return self._wrong_name(attribute[1]) if attribute and known else None
        if not facts.is_readable(value.variable) or not contradicts(claim, value.variable):
            return None
        return self._so_it_is(claim, value)

    def _is_of_another_time(self, held: Held, name: str, sentence: str, places: list[PlaceClaim]) -> bool:
        """Whether the sentence may speak of a value that the name had before."""
        frame = held.frame
        lines = {p.line for p in places if p.line} | {int(n) for n in _LINE.findall(sentence)}
        here = lines <= {frame.line} and (bool(lines) or _HERE.search(sentence) is not None)
        return not here and self._facts.may_have_been_other(held, name)

    def _so_it_is(self, claim: ValueClaim, held: Held) -> Message:
        name, variable = claim.expression, held.variable
        where = message("assistant.mark.in", function=held.frame.name)
        if self._is_innermost(held.frame):
            where = message("assistant.mark.here")
        if claim.relation == "len":
            return message("assistant.mark.length", name=name, size=variable.size, where=where)
        value = variable.value if len(variable.value) <= MAX_VALUE else variable.value[: MAX_VALUE - 1] + "…"
        return message("assistant.mark.value", name=name, value=value, where=where)

    def _is_innermost(self, frame: Frame) -> bool:
        """Of the person's own code."""
        own = [f for f in self._facts.frames if f.kind == "user"] or self._facts.frames
        return frame == own[0]

    def _wrong_name(self, name: str) -> Message | None:
        return message("assistant.mark.name", name=name) if not self._facts.is_called_so(name) else None

    # places

    def _wrong_place(self, claim: PlaceClaim, of_now: bool) -> Message | None:
        facts = self._facts
        paths = facts.files(claim.file) if claim.file else facts.paths
        if paths is None:
            return None
        if not paths:
            unknown = of_now and not facts.is_told(claim.file) and not facts.imports(claim.file)
            return message("assistant.mark.file", file=claim.file) if unknown else None
        if not all(facts.is_known_whole(path) for path in paths):
            return None
        most = max((len(facts.outline(path).lines) for path in paths), default=claim.line)
        if claim.line > most and not claim.file:
            return message("assistant.mark.no_line", line=claim.line)
        if claim.line > most:
            return message("assistant.mark.line", file=claim.file, lines=most)
        if not claim.function or len(paths) > 1:
            return None
        return self._wrong_function(claim, paths[0])

    def _wrong_function(self, claim: PlaceClaim, path: str) -> Message | None:
        name, facts = claim.function.rpartition(".")[2], self._facts
        outline = facts.outline(path)
        if name not in facts.words_of(path):
            named_so = claim.surely_a_function and not name.startswith("__") and not hasattr(builtins, name)
            if named_so or facts.is_function(name):
                return message("assistant.mark.function", file=claim.file, function=claim.function)
            return None
        if not claim.line or all(d.name != name for d in outline.definitions):
            return None
        near = (outline.text(n) for n in range(claim.line - 1, claim.line + 2))
        if any(name in text for text in near) or any(
            d.name == name and d.holds(claim.line) for d in outline.definitions
        ):
            return None
        actual = outline.function_at(claim.line)
        function = actual.qualname if actual is not None else None
        place = f"{claim.file}:{claim.line}"
        if function is None:
            return message("assistant.mark.outside", place=place, function=claim.function)
        return message("assistant.mark.inside", place=place, function=function)


def _is_repeated(mark: Mark, earlier: Mark) -> bool:
    return mark.words == earlier.words and (mark.claim == earlier.claim or mark.at == earlier.at)


def _is_at(frame: Frame, places: list[PlaceClaim]) -> bool:
    file = frame.path.replace("\\", "/").rpartition("/")[2]
    return any(p.line == frame.line and p.file.rpartition("/")[2] == file for p in places)


def _identity(held: Held) -> tuple[str, str, int]:
    variable = held.variable
    return variable.type, variable.value, variable.reference
