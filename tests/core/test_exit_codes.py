from __future__ import annotations

from collections.abc import Iterator

from iqdebug.core.errors import IqdebugError
from iqdebug.core.exit_codes import ExitCode, exit_code_lines, exit_code_summary


def classes(parent: type[IqdebugError]) -> Iterator[type[IqdebugError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from classes(child)


def test_every_error_has_a_code_of_the_table() -> None:
    assert all(isinstance(error.exit_code, ExitCode) for error in classes(IqdebugError))


def test_every_code_has_a_word_and_a_sentence() -> None:
    assert len(set(ExitCode)) == len(list(ExitCode)) == 14
    for code in ExitCode:
        assert code.summary in exit_code_summary()
        assert code.sentence[0].isupper() and code.sentence.endswith(".")


def test_sentences_are_folded_behind_their_numbers() -> None:
    lines = exit_code_lines(60)
    assert max(map(len, lines)) <= 60 and lines[0] == "   0  The command did what it was asked to do."
    assert "      " in [line[:6] for line in lines]
