"""A crash file's worth of a living process: entered as when attaching, but no debugger is loaded."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

from iqdebug.core.errors import AttachTimeout, TargetExited
from iqdebug.core.messages import message, render
from iqdebug.core.state import ProcessInfo
from iqdebug.dap.attach import arrival, uid_of, version_of
from iqdebug.dap.inject import inject
from iqdebug.dap.rendezvous import Rendezvous

__all__ = ["read_process"]

MAX_CRASH_FILE = 64 << 20
"""Bytes."""

RECORD_TIMEOUT = 30.0
"""Seconds from the agent's greeting to its last byte."""


async def read_process(
    info: ProcessInfo, *, mask: bool, wait: float, progress: Callable[[str], None] = lambda words: None
) -> bytes:
    """The bytes of a crash file (``why`` is ``snapshot``), written by the process itself, which runs
    on meanwhile; nothing of ours is left in it.

    :param wait: seconds for its main thread to reach a point where it can be entered.
    :raises TargetError, MissingTool: it could not be entered, or ended.
    """
    rendezvous = Rendezvous(info.pid, uid_of(info.pid), "recording")
    rendezvous.mask = mask
    try:
        rendezvous.start()
        version = version_of(info.python)
        entry = await inject(info.pid, version, rendezvous, progress)
        await arrival(info.pid, version, rendezvous, entry, wait, progress)
        progress(render(message("dap.step.reading")))
        reader, writer = await asyncio.open_connection(sock=await rendezvous.connection("control"))
        try:
            return await asyncio.wait_for(_received(reader), RECORD_TIMEOUT)
        except (asyncio.IncompleteReadError, OSError, ValueError):
            raise TargetExited(message("dap.snapshot_not_finished", pid=info.pid)) from None
        except asyncio.TimeoutError:
            raise AttachTimeout(
                message("dap.snapshot_not_in_time", pid=info.pid, seconds=f"{RECORD_TIMEOUT:g}")
            ) from None
        finally:
            writer.close()
    finally:
        rendezvous.close()


async def _received(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">Q", await reader.readexactly(8))
    if size > MAX_CRASH_FILE:
        raise ValueError(size)
    return await reader.readexactly(size)
