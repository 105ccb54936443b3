"""The tools of a model, one file a group, and the box that runs them.

To add one: a file here with an ``async def`` under :func:`~.decorator.tool`, its place in
:mod:`~.catalogue`, and a test.

What a person reads comes from :mod:`iqdebug.core.messages`: the summary of a call, why it was refused, what
is asked before. The text of a result is the model's, and is written in English where it is made.
"""

from iqdebug.assistant.tools.base import (
    BoundTool,
    Result,
    ToolContext,
    ToolInvocation,
    ToolUsageError,
    Undo,
)
from iqdebug.assistant.tools.catalogue import ALL_TOOLS
from iqdebug.assistant.tools.decorator import tool
from iqdebug.assistant.tools.toolbox import Toolbox
from iqdebug.assistant.tools.workbench import Workbench

__all__ = [
    "ALL_TOOLS",
    "BoundTool",
    "Result",
    "ToolContext",
    "ToolInvocation",
    "ToolUsageError",
    "Toolbox",
    "Undo",
    "Workbench",
    "tool",
]
