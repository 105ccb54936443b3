"""Shows a :class:`VariableTree`; two panes may show the same one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Literal

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.message import Message

from iqdebug.core.messages import Text as Words
from iqdebug.core.messages import message, render
from iqdebug.core.text import clean
from iqdebug.tui.widgets.rows import Row, RowsView
from iqdebug.tui.widgets.variable_tree import PAGE, Node, VariableTree

__all__ = ["VariablesPane"]

_STATE_WORDS = {
    "slow": message("tui.variables.slow"),
    "raised": message("tui.variables.raised"),
    "lazy": message("tui.variables.lazy"),
    "cut": message("tui.variables.cut"),
}
MAX_VALUE_CHARACTERS = 300
SUFFIX_CELLS = 24  # cells for type, size and state beside a value

Entry = tuple[Literal["node", "reading", "nothing", "more"], Node]
"""A line of the pane: a variable, or what is to be said below the children of one."""


class VariablesPane(RowsView):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("v", "full"),
        ("y", "copy"),
        ("equals_sign", "assign"),
    ]

    class Expand(Message):
        """Children of the node are wanted from ``start``."""

        def __init__(self, node: Node, start: int) -> None:
            super().__init__()
            self.node = node
            self.start = start

    class Toggled(Message):
        """The tree looks different now."""

    class FullWanted(Message):
        def __init__(self, node: Node) -> None:
            super().__init__()
            self.node = node

    class AssignWanted(Message):
        def __init__(self, node: Node) -> None:
            super().__init__()
            self.node = node

    def __init__(self, tree: VariableTree, id: str | None = None) -> None:
        super().__init__(empty=message("tui.variables.no_frame"), id=id)
        self.variable_tree = tree
        self._entries: list[Entry] = []
        self.set_title(message("tui.variables.title"))

    def rebuild(self, words: Words = "") -> None:
        """Draw the tree as it is now; ``words`` stands there when it is empty."""
        key = self.current_key
        self._entries = _entries(self.variable_tree.roots or ())
        self._widest = max((_width(node) for _, node in self._entries), default=0)
        self.empty_text = words
        name = clean(self.variable_tree.frame.name) if self.variable_tree.frame is not None else ""
        named = message("tui.variables.title_of", name=name)
        self.set_title(named if name else message("tui.variables.title"))
        self.keep_cursor(key)
        self.content_changed()

    def row_count(self) -> int:
        return len(self._entries)

    def key_at(self, index: int) -> Hashable:
        what, node = self._entries[index]
        return (what, node.path)

    def row_at(self, index: int) -> Row:
        what, node = self._entries[index]
        key = (what, node.path)
        if what == "node":
            return Row(_text(node), key, node)
        text = Text("  " * (node.depth + 2), Style(dim=True, italic=True))
        if what == "more":
            shown = len(node.children or ())
            size = node.variable.size
            coming = min(PAGE, size - shown) if size is not None else PAGE
            total = f"{size:,}" if size is not None else None
            more = message("tui.variables.more", shown=f"{shown:,}", total=total, coming=f"{coming:,}")
            text.append(render(more))
            return Row(text, key, (node, shown))
        words = message("tui.variables.reading") if what == "reading" else message("tui.variables.empty")
        return Row(text.append(render(words)), key, selectable=False)

    def on_rows_view_chosen(self, event: RowsView.Chosen) -> None:
        event.stop()
        data = event.row.data
        if isinstance(data, tuple):
            self.post_message(self.Expand(*data))
        elif isinstance(data, Node):
            self._open(data)

    def _open(self, node: Node) -> None:
        if node.variable.state == "lazy":
            self.post_message(self.FullWanted(node))
        elif node.variable.reference:
            if self.variable_tree.toggle(node):
                node.asked = True
                self.post_message(self.Expand(node, 0))
            self.post_message(self.Toggled())
        elif node.variable.kind != "group":  # else it is a remark, with nothing behind it
            self.post_message(self.FullWanted(node))

    def _current_node(self) -> Node | None:
        row = self.current
        return row.data if row is not None and isinstance(row.data, Node) else None

    def action_full(self) -> None:
        node = self._current_node()
        if node is not None:
            self.post_message(self.FullWanted(node))

    def action_copy(self) -> None:
        node = self._current_node()
        if node is not None:
            self.app.copy_to_clipboard(node.variable.value.encode("utf-8", "replace").decode())
            self.notify(clean(render(message("tui.variables.copied", name=node.variable.name))))

    def action_assign(self) -> None:
        node = self._current_node()
        if node is not None:
            self.post_message(self.AssignWanted(node))


def _entries(nodes: Sequence[Node]) -> list[Entry]:
    entries: list[Entry] = []
    for node in nodes:
        entries.append(("node", node))
        if not node.expanded:
            continue
        if node.children is None:
            entries.append(("reading", node))
            continue
        entries += _entries(node.children)
        if node.more:
            entries.append(("more", node))
        elif not node.children:
            entries.append(("nothing", node))
    return entries


def _width(node: Node) -> int:
    """Cells that the line may take: an estimate that is never short for plain text."""
    shown = min(len(node.variable.value), MAX_VALUE_CHARACTERS)
    return 2 * node.depth + len(node.variable.name) + shown + len(node.variable.type) + SUFFIX_CELLS


def _text(node: Node) -> Text:
    variable = node.variable
    mark = ("▾ " if node.expanded else "▸ ") if variable.reference else "  "
    text = Text("  " * node.depth + mark)
    if variable.kind == "group":
        text.append(clean(variable.name), Style(dim=True, italic=True))
        return text
    text.append(clean(variable.name), Style(color="cyan", bold=variable.kind == "argument"))
    text.append(" = ", Style(dim=True))
    state = _STATE_WORDS.get(variable.state)
    if variable.state == "lazy" and not (variable.reference or variable.evaluate_name):
        state = message("tui.variables.not_read")  # a recording's: there is nothing left that could be run
    style = Style(color="yellow", bold=True) if node.changed else Style(dim=variable.state == "lazy")
    text.append(clean(variable.value[:MAX_VALUE_CHARACTERS]), style)
    if len(variable.value) > MAX_VALUE_CHARACTERS:
        text.append("…", Style(dim=True))
    if state:
        calm = variable.state in ("lazy", "cut")
        text.append(f"  ({render(state)})", Style(dim=True) if calm else Style(color="red"))
    if variable.type and variable.type not in ("NoneType",):
        text.append(f"  {clean(variable.type)}", Style(dim=True, italic=True))
    if variable.size is not None:
        text.append(f"[{variable.size:,}]", Style(dim=True))
    if node.changed:
        text.append(f"  {render(message('tui.variables.changed'))}", Style(color="yellow", italic=True))
    return text
