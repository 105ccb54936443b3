"""Cuts an answer that still grows into its whole sentences, and says which of them speak of what is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Sentence", "SentenceReader"]

MAX_SENTENCE = 2_000
"""Characters; what is longer is no sentence, and is not looked into."""

_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|(?:\d+\.\s*|[-*]\s+)?\*\*[^*]{1,60}\*\*:?\s*$|[A-Z][\w ]{2,40}:\s*$)")
_NOT_PROSE = re.compile(r"(?: {4,}|\t)(?!\s*(?:[-*+]|\d+\.)\s)|\s*(?:>|\+|@@|---|diff |\|)")
_CODE = re.compile(r"`[^`]*`|[\w/.-]+\.pyi?\b(?::\d+)?|\w*_\w+")
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "cf.")
_NUMBER = re.compile(r"\s*\d{1,6}\.")

_NOT_OF_NOW = re.compile(
    r"\b(?:if|when|whenever|unless|until|whether|would|could|might|should|shall|will|suppos\w*|assum\w*|"
    r"imagine|consider|example|e\.g|instance|expect\w*|likely|probably|possibly|perhaps|maybe|seem\w*|"
    r"appear\w*|ensur\w*|sure|check|checks|checking|verif\w*|was|were|had|been|previous\w*|earlier|before|after\w*|"
    r"initial\w*|original\w*|at first|second|third|later|then|once|default\w*|next|eventually|become\w*|"
    r"chang(?:e|es|ing)|replac\w*|instead|add|adding|updat\w*|modif\w*|use|try|needs?|want\w*|intend\w*|"
    r"fix\w*|correct\w*|solution|loops?|iterat\w*|each|every|times|cases?|stop \d+|either|introduc\w*|"
    r"creat\w*|set|sets|setting|assign\w*|sav(?:e|ing)|run|rename|let's)\b|'ll\b",
    re.IGNORECASE,
)
_OF_ANOTHER_WORLD = re.compile(
    r"\b(?:suppose|imagine|consider|assume|example|instance|let's say|fix\w*|solution|should|you can|"
    r"could|chang(?:e|ing)|modif\w*|replace|add|ensur\w*|make sure|instead|would)\b",
    re.IGNORECASE,
)
_HEADS_ANOTHER_WORLD = re.compile(
    r"fix|solution|solve|suggest|recommend|correct|example|improv|prevent|how to|chang|updat|revis|step|next|"
    r"modif|handl",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` is without emphasis. ``end`` is the offset in the answer behind it. ``of_now``: it speaks of
    what is, not of what was, will be, should be or would be."""

    text: str
    end: int
    of_now: bool


class SentenceReader:
    """Gives each sentence of one answer once, as soon as it is whole. Code, diffs, quotations and tables are
    left out.

    :param is_quoted: whether a line of code stands in the program as it is. Prose behind code that does
        not is of a change, up to the next heading.
    """

    def __init__(self, is_quoted: Callable[[str], bool]) -> None:
        self._is_quoted = is_quoted
        self._at = 0
        self._line_begins = True
        self._fence = ""
        self._code_is_new = False
        self._section_is_other = self._paragraph_is_other = False

    def read(self, answer: str, whole: bool) -> Iterator[Sentence]:
        """The sentences that have become whole since the last call.

        :param answer: all of it so far.
        :param whole: nothing follows.
        """
        while self._at < len(answer):
            end = answer.find("\n", self._at)
            line_is_whole = whole or end >= 0
            line_end = end + 1 if end >= 0 else len(answer)
            if self._line_begins:
                if not line_is_whole and not _is_surely_prose(answer[self._at : line_end]):
                    return
                if self._passes_over(answer[self._at : line_end]):
                    self._at = line_end
                    continue
                self._line_begins = False
            if not line_is_whole and line_end - self._at > MAX_SENTENCE:
                return
            sentence_end = _sentence_end(answer, self._at, line_end)
            if sentence_end < 0:
                if not line_is_whole:
                    return
                sentence_end = line_end
            yield from self._sentence(answer, sentence_end)
            self._at = sentence_end
            self._line_begins = self._at == line_end

    def _sentence(self, answer: str, end: int) -> Iterator[Sentence]:
        text = answer[self._at : end].replace("**", "").strip()
        if not text or len(text) > MAX_SENTENCE:
            return
        prose = _CODE.sub("`", text)
        if _OF_ANOTHER_WORLD.search(prose):
            self._paragraph_is_other = True
        other = self._section_is_other or self._paragraph_is_other
        of_now = not (other or text.endswith("?") or _NOT_OF_NOW.search(prose))
        yield Sentence(text, self._at + len(answer[self._at : end].rstrip()), of_now)

    def _passes_over(self, line: str) -> bool:
        """Whether the line is no prose; notes what it begins or ends."""
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence[1] == self._fence:
                self._fence = ""
                self._section_is_other |= self._code_is_new
            elif line.strip() and not self._is_quoted(line.strip()):
                self._code_is_new = True
            return True
        if fence:
            self._fence, self._code_is_new = fence[1], False
            return True
        if not line.strip():
            self._paragraph_is_other = False
            return True
        if _HEADING.match(line):
            self._section_is_other = _HEADS_ANOTHER_WORLD.search(line) is not None
            self._paragraph_is_other = False
            return False
        return _NOT_PROSE.match(line) is not None


def _is_surely_prose(begun: str) -> bool:
    """Whether a line that has not ended can be told from a heading, a fence and code."""
    return begun[:1].isalpha() and (len(begun) > 60 or _sentence_end(begun, 0, len(begun)) > 0)


def _sentence_end(text: str, start: int, end: int) -> int:
    """Behind the blank after the first sentence of ``text[start:end]``; -1 where none has ended."""
    in_code = False
    for at in range(start, end - 1):
        if text[at] == "`":
            in_code = not in_code
        elif (
            not in_code
            and text[at] in ".!?"
            and text[at + 1].isspace()
            and not text[max(at - 3, start) : at + 1].lower().endswith(_ABBREVIATIONS)
            and not _NUMBER.fullmatch(text, start, at + 1)
        ):
            return at + 2
    return -1
