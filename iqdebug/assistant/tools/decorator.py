"""``@tool``: a typed function becomes a tool."""

from __future__ import annotations

import typing
from collections.abc import Awaitable, Callable

from iqdebug.assistant.permissions import Right
from iqdebug.assistant.tools.base import TOOL_TIMEOUT, BoundTool, Result
from iqdebug.assistant.tools.parameters import FrameIndex
from iqdebug.core.session import Capability
from iqdebug.llm.messages import Tool
from iqdebug.llm.tool_schema import arguments_of, schema_of

__all__ = ["tool"]


def tool(
    right: Right,
    *,
    name: str = "",
    asks_itself: bool = False,
    needs_workbench: bool = False,
    capability: Capability | None = None,
    timeout: float = TOOL_TIMEOUT,
) -> Callable[[Callable[..., Awaitable[Result]]], BoundTool]:
    """Make a tool of an ``async def`` that takes the :class:`~.base.ToolInvocation` and keyword-only
    arguments.

    A model reads the function's docstring as the tool's description, and the arguments' types as its
    schema: ``Annotated[int, msgspec.Meta(ge=1, description="…")]``, ``Literal["a", "b"]``, a default, or
    ``TYPE | None = None`` for what may be left out. Nothing else has to be declared.

    :param right: the highest right that it may use.
    :param name: what the model calls it; the function's name by default.
    :param asks_itself: it obtains its rights itself with ``call.obtain``, where the person is to agree to
        an exact text. Else the toolbox asks for a right above READ before each call.
    :param needs_workbench: it works on ``call.workbench``, and is offered where there is one.
    :param capability: what the session must be able to do, or the tool is not offered.
    :param timeout: seconds that a call may take.
    """

    def decorate(function: Callable[..., Awaitable[Result]]) -> BoundTool:
        hints = typing.get_type_hints(function, include_extras=True)
        arguments = arguments_of(function)
        words = " ".join((function.__doc__ or "").split())
        return BoundTool(
            Tool(name or function.__name__, words, schema_of(arguments)),
            arguments,
            function,
            right,
            asks_itself=asks_itself,
            needs_workbench=needs_workbench,
            capability=capability,
            by_frame=tuple(each for each in arguments.__struct_fields__ if hints[each] == FrameIndex),
            timeout=timeout,
        )

    return decorate
