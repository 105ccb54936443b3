"""The variables of one frame as a lazy tree, without any widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from iqdebug.core.state import Frame, Variable

__all__ = ["PAGE", "Node", "VariableTree"]

PAGE = 100
MAX_REMEMBERED_VALUES = 20_000

Path = tuple[str, ...]


@dataclass(slots=True)
class Node:
    """``children`` is None until they were asked for. ``more`` says that a further page may
    exist; ``asked`` that an answer is on its way."""

    path: Path
    variable: Variable
    changed: bool = False
    expanded: bool = False
    asked: bool = False
    children: list[Node] | None = None
    more: bool = False

    @property
    def depth(self) -> int:
        return len(self.path) - 1


@dataclass(slots=True)
class VariableTree:
    """Remembers what was expanded and what each value was at the stop before, by function and
    path of names, so that a step keeps the tree open and marks what changed."""

    epoch: int = -1
    frame: Frame | None = None
    roots: list[Node] | None = None
    _values: dict[tuple[str, Path], str] = field(default_factory=dict)
    _before: dict[tuple[str, Path], str] = field(default_factory=dict)
    _remember: bool = False
    _open: set[tuple[str, Path]] = field(default_factory=set)

    def begin(self, epoch: int, frame: Frame | None, *, stopped: bool = True) -> None:
        """Another frame or stop is shown; its variables are not known yet. Values of a running
        target (``stopped`` False) are not what a later stop is compared with."""
        if epoch != self.epoch:
            self._before = self._values if self._remember else self._before
            self._values = {}
        self._remember = stopped
        self.epoch, self.frame, self.roots = epoch, frame, None

    def fill(self, parent: Path, start: int, rows: Sequence[Variable]) -> list[Node]:
        """Put an answer in; returns nodes that were open before and want their children."""
        if not parent:
            self.roots = [self._node((), row) for row in rows]
            return self._reopened(self.roots)
        node = self.find(parent)
        if node is None:
            return []
        fresh = [self._node(parent, row) for row in rows]
        node.children = (node.children or [])[:start] + fresh
        node.asked = False
        node.more = len(rows) >= PAGE and (
            node.variable.size is None or node.variable.size > start + len(rows)
        )
        return self._reopened(fresh)

    def find(self, path: Path) -> Node | None:
        nodes = self.roots or []
        node: Node | None = None
        for length in range(1, len(path) + 1):
            node = next((n for n in nodes if n.path == path[:length]), None)
            if node is None:
                return None
            nodes = node.children or []
        return node

    def toggle(self, node: Node) -> bool:
        """Open or close; True when its children have to be asked for."""
        node.expanded = not node.expanded
        key = (self._function, node.path)
        if node.expanded:
            self._open.add(key)
        else:
            self._open.discard(key)
        return node.expanded and node.children is None and not node.asked

    @property
    def _function(self) -> str:
        return f"{self.frame.path}:{self.frame.name}" if self.frame is not None else ""

    def _node(self, parent: Path, variable: Variable) -> Node:
        path = (*parent, variable.name)
        key = (self._function, path)
        value = f"{variable.type} {variable.value}"
        if len(self._values) < MAX_REMEMBERED_VALUES:
            self._values[key] = value
        before = self._before.get(key)
        return Node(path, variable, changed=before is not None and before != value)

    def _reopened(self, nodes: list[Node]) -> list[Node]:
        opened = [n for n in nodes if n.variable.reference and (self._function, n.path) in self._open]
        for node in opened:
            node.expanded = node.asked = True
        return opened
