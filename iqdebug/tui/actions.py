"""Every action of the debugger's screen: its keys, its words, and when it is possible.

The bindings, the palette, the help screen and the hints in the status bar are made from this
one table.
"""

from __future__ import annotations

from dataclasses import dataclass

from iqdebug.core.session import Capability

__all__ = ["ACTIONS", "Action"]


@dataclass(frozen=True, slots=True)
class Action:
    """``keys`` as Textual names them, the ones to show first; ``shown`` how a person reads them;
    ``needs`` None: always possible. ``hint``: short words for the status bar, "" leaves it out;
    ``aside``: words for it that are shown only where the action is possible and nothing runs."""

    name: str
    keys: str
    shown: str
    words: str
    needs: Capability | None = None
    hint: str = ""
    aside: str = ""


ACTIONS = (
    Action("resume", "f5,c", "F5 c", "Continue", Capability.CONTINUE, "continue"),
    Action("pause", "f6,p", "F6 p", "Pause", Capability.PAUSE, "pause"),
    Action("step_over", "f10,n", "F10 n", "Step over", Capability.STEP, "over"),
    Action("step_in", "f11,s", "F11 s", "Step into", Capability.STEP, "into"),
    Action("step_out", "shift+f11,f23,o", "⇧F11 o", "Step out", Capability.STEP, "out"),
    Action("run_to", "u", "u", "Run to the cursor line", Capability.RUN_TO, "cursor"),
    Action("restart_frame", "R", "R", "Restart the frame", Capability.RESTART_FRAME),
    Action(
        "breakpoint",
        "f9,b",
        "F9 b",
        "Breakpoint on the cursor line: set or remove",
        Capability.BREAKPOINTS,
        "break",
    ),
    Action("edit_breakpoint", "B", "B", "Condition, hit count or log message", Capability.BREAKPOINTS),
    Action("frame(1)", "k", "k", "One frame out (to the caller)"),
    Action("frame(-1)", "j", "j", "One frame in (to the callee)"),
    Action("thread", "t", "t", "Next thread"),
    Action("insight", "i", "i", "All about the cause: reasons, proof, what it means", aside="cause"),
    Action("suspect(1)", "right_square_bracket", "]", "To the next suspect"),
    Action("suspect(-1)", "left_square_bracket", "[", "To the suspect before"),
    Action("provenance", "W", "W", "Where the failing value came from, hop by hop"),
    Action("exceptions", "e", "e", "The exception, its causes and group members", aside="exceptions"),
    Action(
        "about", "a", "a", "About this recording: program, environment, git, what is missing", aside="about"
    ),
    Action("today", "T", "T", "Source text: as recorded, or today's", aside="recorded/today"),
    Action("keep", "K", "K", "Keep this stop as a crash file, secrets masked", Capability.RECORD),
    Action("snapshot", "L", "L", "Look without holding: stop, record, go on at once"),
    Action("hold_clock", "H", "H", "Hold the clock of the process's supervisor while it is paused"),
    Action("look", "r", "r", "Look again (running), or attach again (detached)"),
    Action("restart", "ctrl+shift+f5,f29,S", "^⇧F5 S", "Start the program again with the same arguments"),
    Action("open_file", "O", "O", "Open a file… (type a part of its name)"),
    Action("go_to_function", "F", "F", "Go to a function… (type a part of its name)"),
    Action("search", "slash", "/", "Search in the focused pane"),
    Action("search_next(1)", "N", "N", "Next match"),
    Action("search_next(-1)", "P", "P", "Previous match"),
    Action("pane('program')", "0", "0", "To the program's terminal (Ctrl-] comes back)"),
    Action("pane('source')", "1", "1", "To the source"),
    Action("pane('stack')", "2", "2", "To the threads and frames"),
    Action("pane('variables')", "3", "3", "To the variables"),
    Action("pane('output')", "4", "4", "To the output and logs"),
    Action("pane('console')", "5", "5", "To the console"),
    Action("pane('breakpoints')", "6", "6", "To the breakpoints"),
    Action("pane('suspects')", "7", "7", "To the suspects and the way of the failing value"),
    Action("pane('chat')", "8,A", "8 A", "To the conversation: ask about what is on the screen"),
    Action("command_palette", "colon,ctrl+p", ": ^P", "Command palette"),
    Action("help", "f1,question_mark", "F1 ?", "All keys, and what is possible now", hint="help"),
    Action("leave", "shift+f5,f17,q,ctrl+q", "⇧F5 q", "Detach and leave; the process runs on", hint="leave"),
)
