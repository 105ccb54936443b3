"""A crash file's worth of a living process, sent to the client: no debugger, nothing stopped.

The process runs on while its frames are read, held up only as another busy thread would do it.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading

from ..capture.record import Occasion, gathered
from ..capture.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_PACKAGE = "_iqdebug_inside"
_PATIENCE = 30.0  # seconds for the client to take the data


def run(setup: Dict[str, Any]) -> None:
    """Entered by the injected code, in a thread made for it. Never raises."""
    thread = threading.current_thread()
    thread.name = "iqdebug.snapshot"
    thread.is_pydev_daemon_thread = thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_PATIENCE)
        connection.connect(setup["socket"])
        with connection:
            connection.sendall(("iqdebug %s control\n" % setup["token"]).encode())
            data = _file(setup["mask"])
            connection.sendall(struct.pack(">Q", len(data)) + data)
    except OSError:
        pass  # the client has gone
    finally:
        for name in [n for n in sys.modules if n.split(".")[0] == _PACKAGE]:
            sys.modules.pop(name, None)


def _file(mask: bool) -> bytes:
    main = threading.main_thread().ident
    frames = sys._current_frames()
    occasion = Occasion("snapshot", thread=main, callers=frames.get(main or 0))
    data, _ = gathered(occasion, Settings(mask=mask))
    return data
