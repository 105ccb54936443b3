"""Shows a :class:`VariableTree`; two panes may show the same one."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message

from iqdebug.text import clean
from iqdebug.tui.rows import Row, RowsView
from iqdebug.tui.variable_tree import Node, VariableTree

__all__ = ["VariablesPane"]

_STATE_WORDS = {"slow": "slow", "raised": "raised", "lazy": "not read", "cut": ""}
_VALUE_SHOWN = 300


class VariablesPane(RowsView):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "full", "The value's own repr", show=False),
        Binding("y", "copy", "Copy the value", show=False),
        Binding("equals_sign", "assign", "Set the value", show=False),
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
        super().__init__(empty="no frame selected", id=id)
        self.variable_tree = tree
        self.border_title = "Variables"

    def rebuild(self, words: str = "") -> None:
        """Draw the tree as it is now; ``words`` stands there when it is empty."""
        rows: list[Row] = []
        for node in self.variable_tree.visible():
            rows.append(Row(_text(node), node.path, node))
            if node.expanded and node.asked and node.children is None:
                rows.append(
                    Row(Text("  " * (node.depth + 1) + "  reading…", Style(dim=True)), selectable=False)
                )
            rows += self._more_row(node)
        self.empty_text = words
        name = clean(self.variable_tree.frame.name) if self.variable_tree.frame is not None else ""
        self.border_title = f"Variables  {name}" if name else "Variables"
        self.set_rows(rows)

    def _more_row(self, node: Node) -> list[Row]:
        """A row to read on, after the last child of the last open parent."""
        parent = self.variable_tree.find(node.path[:-1])
        if parent is None or not parent.more or not parent.children or parent.children[-1] is not node:
            return []
        shown = len(parent.children)
        size = f" of {parent.variable.size:,}" if parent.variable.size else ""
        words = f"{'  ' * node.depth}  … {shown:,}{size} shown: Enter reads on"
        return [Row(Text(words, Style(italic=True, dim=True)), (*parent.path, "\0more"), (parent, shown))]

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
        else:
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
            self.app.copy_to_clipboard(node.variable.value)
            self.notify(f"copied {clean(node.variable.name)}")

    def action_assign(self) -> None:
        node = self._current_node()
        if node is not None:
            self.post_message(self.AssignWanted(node))


def _text(node: Node) -> Text:
    variable = node.variable
    mark = ("▾ " if node.expanded else "▸ ") if variable.reference else "  "
    text = Text("  " * node.depth + mark)
    if variable.kind == "group":
        text.append(variable.name, Style(dim=True, italic=True))
        return text
    text.append(clean(variable.name), Style(color="cyan", bold=variable.kind == "argument"))
    text.append(" = ", Style(dim=True))
    state = _STATE_WORDS.get(variable.state, "")
    style = Style(color="yellow", bold=True) if node.changed else Style(dim=variable.state == "lazy")
    text.append(clean(variable.value[:_VALUE_SHOWN]), style)
    if state and variable.state != "lazy":
        text.append(f"  ({state})", Style(color="red"))
    if variable.type and variable.type not in ("NoneType",):
        text.append(f"  {clean(variable.type)}", Style(dim=True, italic=True))
    if variable.size is not None:
        text.append(f"[{variable.size:,}]", Style(dim=True))
    if node.changed:
        text.append("  changed", Style(color="yellow", italic=True))
    return text
