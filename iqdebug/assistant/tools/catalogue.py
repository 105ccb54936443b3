"""Every tool, in the order in which models are shown them: the one place where a tool is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iqdebug.assistant.tools.base import BoundTool
from iqdebug.assistant.tools.control import CONTROL_TOOLS
from iqdebug.assistant.tools.evaluate import EVALUATION_TOOLS
from iqdebug.assistant.tools.evidence import EVIDENCE_TOOLS
from iqdebug.assistant.tools.fixing import FIXING_TOOLS
from iqdebug.assistant.tools.history import HISTORY_TOOLS
from iqdebug.assistant.tools.inspection import INSPECTION_TOOLS
from iqdebug.assistant.tools.logpoint import LOGPOINT_TOOLS
from iqdebug.assistant.tools.search import SEARCH_TOOLS
from iqdebug.assistant.tools.source import SOURCE_TOOLS
from iqdebug.llm.messages import Tool

__all__ = ["ALL_TOOLS", "FEW_TOOLS", "MAX_PARAMETERS_FOR_FEW_TOOLS", "few_of"]

MAX_PARAMETERS_FOR_FEW_TOOLS = 4_000_000_000
"""Models up to this size are shown :data:`FEW_TOOLS` alone. Qwen2.5-Coder-1.5B, shown all, called stack and
threads in turn until it was stopped; shown few, it looks things up (docs/models.md has the figures)."""

ALL_TOOLS: tuple[BoundTool, ...] = (
    *INSPECTION_TOOLS,
    *EVALUATION_TOOLS,
    *EVIDENCE_TOOLS,
    *SOURCE_TOOLS,
    *SEARCH_TOOLS,
    *HISTORY_TOOLS,
    *CONTROL_TOOLS,
    *LOGPOINT_TOOLS,
    *FIXING_TOOLS,
)

FEW_TOOLS: dict[str, tuple[str, ...]] = {
    "frame": ("index",),
    "threads": (),
    "variables": ("frame", "name"),
    "evaluate": ("expression", "frame"),
    "source": ("function", "path"),
    "search": ("text",),
    "propose_fix": ("path", "old", "new"),
}
"""What most questions need that the evidence does not answer, with the arguments that are shown: small models
fill in each they see, also with what makes no sense. Of a recording, whose threads stand in the evidence,
``threads`` is left out; of a living process ``frame``, which is ``source`` and ``variables``."""

_NEEDED = {"source": ("function",), "search": ("text",)}


def few_of(tools: Sequence[Tool], left_out: str) -> tuple[Tool, ...]:
    """Those of :data:`FEW_TOOLS`, with the arguments named there alone.

    :param left_out: the tool that this session does without.
    """
    few = []
    for tool in tools:
        if tool.name not in FEW_TOOLS or tool.name == left_out:
            continue
        properties = {name: tool.parameters["properties"][name] for name in FEW_TOOLS[tool.name]}
        required = _NEEDED.get(tool.name) or tuple(tool.parameters["required"])
        few.append(
            replace(tool, parameters={**tool.parameters, "properties": properties, "required": required})
        )
    return tuple(few)
