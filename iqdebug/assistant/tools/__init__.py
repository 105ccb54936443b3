"""The tools of a model, one file a group, and the box that runs them."""

from iqdebug.assistant.tools.base import BoundTool, Result, ToolContext, ToolInvocation, ToolUsageError, Undo
from iqdebug.assistant.tools.schema import checked, tool_schema
from iqdebug.assistant.tools.toolbox import BUILT_IN, Toolbox

__all__ = [
    "BUILT_IN",
    "BoundTool",
    "Result",
    "ToolContext",
    "ToolInvocation",
    "ToolUsageError",
    "Toolbox",
    "Undo",
    "checked",
    "tool_schema",
]
