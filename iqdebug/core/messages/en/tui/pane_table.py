"""The panes: their tabs, what their keys do, what their help says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "tui.pane.breakpoints.help": "Breakpoints: Space on/off, e edit, Del remove, Enter to the line.",
    "tui.pane.breakpoints.short": "Breaks",
    "tui.pane.breakpoints.tiny": "Brk",
    "tui.pane.breakpoints.title": "Breakpoints",
    "tui.pane.breakpoints.words": "To the breakpoints",
    "tui.pane.chat.help": (
        "Chat: ↑↓ earlier questions, Tab completes / and @, PgUp PgDn scroll, Esc stops an answer."
    ),
    "tui.pane.chat.missing": "there is no conversation here",
    "tui.pane.chat.short": "Chat",
    "tui.pane.chat.tiny": "Ask",
    "tui.pane.chat.title": "Chat",
    "tui.pane.chat.words": "To the conversation: ask about what is on the screen",
    "tui.pane.console.help": (
        "Console: ↑↓ history, Tab completes, Enter on a ▸ result opens it, Esc leaves; break "
        "FILE:LINE or break FUNCTION sets a breakpoint."
    ),
    "tui.pane.console.short": "Console",
    "tui.pane.console.tiny": "Con",
    "tui.pane.console.title": "Console",
    "tui.pane.console.words": "To the console",
    "tui.pane.output.help": (
        "Output: f follow, w level, x clear, / filter, Enter to the line that logged it."
    ),
    "tui.pane.output.short": "Output",
    "tui.pane.output.tiny": "Out",
    "tui.pane.output.title": "Output",
    "tui.pane.output.words": "To the output and logs",
    "tui.pane.program.missing": "a program's terminal is there only with `iqdebug run`",
    "tui.pane.program.short": "Program",
    "tui.pane.program.tiny": "Prog",
    "tui.pane.program.title": "Program",
    "tui.pane.program.words": "To the program's terminal (Ctrl-] comes back)",
    "tui.pane.source.help": (
        "Source: d definition line, g back to the current line.  Threads: l library frames."
    ),
    "tui.pane.source.short": "Source",
    "tui.pane.source.tiny": "Src",
    "tui.pane.source.title": "Source",
    "tui.pane.source.words": "To the source",
    "tui.pane.stack.short": "Stack",
    "tui.pane.stack.tiny": "Stk",
    "tui.pane.stack.title": "Stack",
    "tui.pane.stack.words": "To the threads and frames",
    "tui.pane.suspects.help": "Suspects: moving shows, Enter goes there, ←→ fold.",
    "tui.pane.suspects.short": "Suspects",
    "tui.pane.suspects.tiny": "Why",
    "tui.pane.suspects.title": "Suspects",
    "tui.pane.suspects.words": "To the suspects and the way of the failing value",
    "tui.pane.variables.help": "Variables: Enter opens, v the value's own repr (runs code), y copy, = set.",
    "tui.pane.variables.help_recorded": "Variables: Enter opens, v the whole text, y copy, = set.",
    "tui.pane.variables.short": "Vars",
    "tui.pane.variables.tiny": "Var",
    "tui.pane.variables.title": "Variables",
    "tui.pane.variables.words": "To the variables",
}
