"""Every tool, in the order in which models are shown them: the one place where a tool is listed."""

from __future__ import annotations

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

__all__ = ["ALL_TOOLS", "FEW_TOOLS", "MAX_PARAMETERS_FOR_FEW_TOOLS"]

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

FEW_TOOLS = frozenset({"frame", "threads", "variables", "evaluate", "source", "search", "propose_fix"})
"""What most questions need that the evidence does not answer. Of a recording, whose threads stand in the
evidence, ``threads`` is left out; of a living process ``frame``, which is ``source`` and ``variables``."""
