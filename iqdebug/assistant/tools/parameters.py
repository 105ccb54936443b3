"""The types of arguments that several tools take, with the words that a model reads."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

__all__ = ["FilePath", "FrameIndex", "LineNumber", "Offset", "ThreadRef", "WaitSeconds"]

FrameIndex = Annotated[int, Meta(ge=0, description="0 is the innermost")]
"""Before a tool runs that takes one, the toolbox sees to it that the model has seen the current stack."""

ThreadRef = Annotated[str | int, Meta(description="id or name")]
FilePath = Annotated[str, Meta(max_length=1_000, description="the end of one is enough")]
LineNumber = Annotated[int, Meta(ge=1)]
Offset = Annotated[int, Meta(ge=0)]
WaitSeconds = Annotated[int, Meta(ge=1, le=60)]
