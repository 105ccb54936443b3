"""The token log by itself: growing, cutting, and its file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqdebug.llm.messages import Message, Tool, ToolCall
from iqdebug.llm.window.token_log import DamagedLog, TokenLog


def example() -> TokenLog:
    log = TokenLog()
    log.tools = (Tool("look", "Looks.", {"type": "object", "properties": {"a": {"enum": [1, None]}}}),)
    log.add(Message("system", "s", "system"), [1, 2, 3], emitted="<|im_end|>\n")
    log.add(Message("user", "u"), [4, 5])
    call = ToolCall("abc", "look", {"a": [1, {"b": None}]})
    log.add(
        Message("assistant", "a", thinking="t", tool_calls=(call,)), [6, 7, 8], "<|im_end|>", 2, partial=True
    )
    return log


def test_marks_are_never_used_again() -> None:
    log = example()
    log.cut(2)
    assert log.ids == [1, 2, 3] and log.used == 3 and log.emitted == "<|im_end|>\n"
    assert log.add(Message("user", "v"), [9]).mark == 4
    with pytest.raises(KeyError):
        log.cut(2)
    log.clear()
    assert log.ids == [] and log.emitted == "" and log.add(Message("user", "w"), [9]).mark == 5


def test_a_file_holds_all_of_it() -> None:
    log = example()
    read, identity, state = TokenLog.parse(log.dump("model", "name.state", 5, 6))
    assert (identity, state) == ("model", ("name.state", 5, 6))
    assert (read.blocks, read.ids, read.emitted) == (log.blocks, log.ids, log.emitted)
    assert read.tools == log.tools
    assert read.add(Message("user", "v"), [9]).mark == 4


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    data = bytearray(example().dump("model"))
    data[place % len(data)] ^= change
    with pytest.raises(DamagedLog):
        TokenLog.parse(bytes(data))


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    for start in (b"", example().dump("m")[:20]):
        with pytest.raises(DamagedLog):
            TokenLog.parse(start + data)
