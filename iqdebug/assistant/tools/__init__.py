"""The tools of a model, one file a group, and the box that runs them."""

from iqdebug.assistant.tools.base import BoundTool, Call, Mend, Result, Undo, World
from iqdebug.assistant.tools.schema import checked, tool_schema
from iqdebug.assistant.tools.toolbox import BUILT_IN, Toolbox

__all__ = [
    "BUILT_IN",
    "BoundTool",
    "Call",
    "Mend",
    "Result",
    "Toolbox",
    "Undo",
    "World",
    "checked",
    "tool_schema",
]
