"""What /proc says of a target while a session is on."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_alive", "state_letter"]


def state_letter(pid: int, thread_id: int | None = None) -> str:
    """The kernel's letter for a thread's state (proc(5)): R, S, D, T, Z …; "" when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/task/{thread_id or pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]


def is_alive(pid: int) -> bool:
    """Whether the process still runs; a zombie does not."""
    return state_letter(pid) not in ("", "Z", "X")
