"""The tools of a model, one file a group, and the box that runs them.

To add one: a file here with an ``async def`` under :func:`~.decorator.tool`, its place in
:mod:`~.catalogue`, and a test.
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
