"""A crash file's worth of a living process, for the client.

:func:`run` comes in by itself: no debugger, nothing stopped; the process runs on while its frames are
read, held up only as another busy thread would do it. :func:`of_stop` is asked by an agent.
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
    """Entered by the injected code, in a thread made for it. Never raises.

    :param importer: what loaded this module; nothing more is to be loaded.
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
    why: str, how: str, said: str, raised: Any, ident: Optional[int], callers: Any, hidden: Tuple[str, ...]
) -> Tuple[bytes, str]:
    """The file's bytes and a name for it. Runs no code of the program.

    :param why: one of META.why in docs/iqcrash.md.
    :param said: the exception's message as the client knows it; "" for what can be read of it.
    :param raised: the exception at which the thread stands, and its traceback; None for a snapshot.
    :param ident: Python's identifier of the thread that stands.
    :param callers: of a snapshot, the thread's innermost frame.
    :param hidden: folders whose frames are not the program's.
    """

    def message(exc: BaseException) -> str:
        return said if said and raised is not None and exc is raised[0] else str(message_of(exc)[0])

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
