"""Records a living process as a crash file and gives it to the client.

:func:`run` is injected without a debugger and stops nothing: the process keeps running while its frames
are read, slowed down only as by another busy thread. :func:`of_stop` is called by the agent.
"""

from __future__ import annotations

import _socket
import sys
import threading

from ..capture.original_functions import packer
from ..capture.record import Occasion, gathered
from ..capture.settings import Settings
from .exceptions import message_of
from .own_thread import forget_thread, mark_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

_PACKAGE = "_iqdebug_inside"
SEND_TIMEOUT = 30.0  # seconds for the client to take the data


def run(setup: Dict[str, Any], importer: Any) -> None:
    """Entry point of the injected code, in a thread of its own. Never raises.

    :param importer: what loaded this module; not used here, since nothing more is loaded.
    """
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    mark_thread("iqdebug.snapshot")
    try:
        connection.settimeout(SEND_TIMEOUT)
        connection.connect(setup["socket"])
        connection.sendall(("iqdebug %s control\n" % setup["token"]).encode())
        data = _file(setup["mask"])
        connection.sendall(packer(">Q").pack(len(data)) + data)
    except OSError:
        pass  # the client has gone
    finally:
        connection.close()
        for name in [n for n in sys.modules if n.split(".")[0] == _PACKAGE]:
            sys.modules.pop(name, None)
        forget_thread()


def of_stop(
    why: str,
    how: str,
    known_message: str,
    raised: Any,
    ident: Optional[int],
    callers: Any,
    hidden: Tuple[str, ...],
) -> Tuple[bytes, str]:
    """The crash file's bytes and a name for it. Runs no code of the program.

    :param why: one of META.why in docs/iqcrash.md.
    :param known_message: the exception's message as the client knows it; "" to read it here.
    :param raised: the exception at which the thread is stopped, and its traceback; None for a snapshot.
    :param ident: Python's identifier of the stopped thread.
    :param callers: for a snapshot, the thread's innermost frame.
    :param hidden: folders whose frames are not the program's.
    """

    def message(exc: BaseException) -> str:
        return (
            known_message
            if known_message and raised is not None and exc is raised[0]
            else str(message_of(exc)[0])
        )

    settings = Settings(hidden=hidden, message=message)
    if raised is not None:
        return gathered(Occasion(why, *raised, how=how, thread=ident), settings)
    return gathered(Occasion(why, how=how, thread=ident, callers=callers), settings)


def _file(mask: bool) -> bytes:
    main = threading.main_thread().ident
    frames = sys._current_frames()
    occasion = Occasion("snapshot", thread=main, callers=frames.get(main or 0))
    data, _ = gathered(occasion, Settings(mask=mask))
    return data
