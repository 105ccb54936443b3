"""Reads crash files (docs/iqcrash.md). Trusts nothing in them and executes nothing of them."""

from iqdebug.crash.crash import Crash
from iqdebug.crash.reader import open_crash
from iqdebug.crash.recorded_session import RecordedSession

__all__ = ["Crash", "RecordedSession", "open_crash"]
