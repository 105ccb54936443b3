"""The exceptions iqdebug raises on purpose; :mod:`iqdebug.core.exit_codes` says what the codes mean.

::

    IqdebugError                 foreseeable: shown as one to three lines, never as a traceback
    ├── UsageError               the command line cannot be carried out as given       exit 2
    ├── TargetError              something about the target process                    exit 1
    │   ├── NoSuchProcess        the pid does not exist (any more)                     exit 3
    │   ├── NotPython            the process runs no Python interpreter                exit 4
    │   ├── NotPermitted         the operating system forbids looking or touching      exit 5
    │   ├── CannotAttach         looking works, attaching does not (reason in words)   exit 6
    │   ├── AttachTimeout        a step of attaching passed its deadline               exit 7
    │   └── TargetExited         the process ended while it was being worked with      exit 8
    ├── ProtocolError            the other end of the DAP stream does not speak DAP    exit 9
    │   └── ConnectionLost       the debug connection ended without being asked to     exit 9
    ├── RequestFailed            the debug server answered a request with an error     exit 1
    ├── NotAvailable             the action is not possible in this phase              exit 1
    ├── RunsCode                 an expression would run code where it may only read   exit 1
    ├── CrashFileError           a crash file that cannot be opened, or is none         exit 11
    ├── ModelError               a model cannot be loaded, reached or asked             exit 12
    ├── MissingTool              a program or package that this step needs is absent   exit 10
    └── Interrupted              Ctrl-C, or a signal that asks to end                  exit 130
"""

from __future__ import annotations

from typing import ClassVar

from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import Text, render

__all__ = [
    "AttachTimeout",
    "CannotAttach",
    "ConnectionLost",
    "CrashFileError",
    "Interrupted",
    "IqdebugError",
    "MissingTool",
    "ModelError",
    "NoSuchProcess",
    "NotAvailable",
    "NotPermitted",
    "NotPython",
    "ProtocolError",
    "RequestFailed",
    "RunsCode",
    "TargetError",
    "TargetExited",
    "UsageError",
]


class IqdebugError(Exception):
    """A foreseeable failure.

    :param what: what happened, one sentence without a trailing full stop.
    :param why: the cause, when it is known; may be empty.
    :param fix: what the person can do next; may be empty.

    Each is a message, or text that is no sentence of ours, such as the words of the operating system.
    The attributes of the same names give the words, in the current language.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __init__(self, what: Text, why: Text = "", fix: Text = "") -> None:
        super().__init__(what)
        self.texts = (what, why, fix)

    @property
    def what(self) -> str:
        return render(self.texts[0])

    @property
    def why(self) -> str:
        return render(self.texts[1])

    @property
    def fix(self) -> str:
        return render(self.texts[2])

    def lines(self) -> tuple[str, ...]:
        """The message for a person: one to three lines."""
        return tuple(line for line in (self.what, self.why, self.fix) if line)

    def __str__(self) -> str:
        return "\n".join(self.lines())


class UsageError(IqdebugError):
    exit_code = ExitCode.USAGE


class TargetError(IqdebugError):
    pass


class NoSuchProcess(TargetError):
    exit_code = ExitCode.NOTHING_THERE


class NotPython(TargetError):
    exit_code = ExitCode.NOT_PYTHON


class NotPermitted(TargetError):
    exit_code = ExitCode.NOT_PERMITTED


class CannotAttach(TargetError):
    exit_code = ExitCode.CANNOT_ATTACH


class AttachTimeout(TargetError):
    exit_code = ExitCode.ATTACH_TIMEOUT


class TargetExited(TargetError):
    exit_code = ExitCode.TARGET_EXITED


class ProtocolError(IqdebugError):
    exit_code = ExitCode.CONNECTION_BROKEN


class ConnectionLost(ProtocolError):
    pass


class RequestFailed(IqdebugError):
    pass


class NotAvailable(IqdebugError):
    pass


class RunsCode(IqdebugError):
    pass


class CrashFileError(IqdebugError):
    exit_code = ExitCode.CRASH_FILE


class ModelError(IqdebugError):
    exit_code = ExitCode.MODEL


class MissingTool(IqdebugError):
    exit_code = ExitCode.MISSING_TOOL


class Interrupted(IqdebugError):
    exit_code = ExitCode.INTERRUPTED
