"""One diagnosis for everybody who asks for it: the screen and the assistant follow the same stops."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from iqdebug.core.state import Diagnosis, Snapshot

__all__ = ["SharedDiagnosis"]

MAX_KEPT = 4


class SharedDiagnosis:
    """Calls ``diagnose`` once for a snapshot and the one before it, from whichever threads it is asked:
    the first caller computes, the others wait for its result. The last few results are kept.
    """

    def __init__(self, diagnose: Callable[[Snapshot, Snapshot | None], Diagnosis]) -> None:
        self._diagnose = diagnose
        self._lock = threading.Lock()
        self._kept: deque[tuple[Snapshot, Snapshot | None, Future[Diagnosis]]] = deque(maxlen=MAX_KEPT)

    def __call__(self, snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        """Raises what ``diagnose`` raised."""
        with self._lock:
            known = self._known(snapshot, earlier)
            result: Future[Diagnosis] = known if known is not None else Future()
            if known is None:
                self._kept.append((snapshot, earlier, result))
        if known is None:
            try:
                result.set_result(self._diagnose(snapshot, earlier))
            except BaseException as error:
                result.set_exception(error)
        return result.result()

    def _known(self, snapshot: Snapshot, earlier: Snapshot | None) -> Future[Diagnosis] | None:
        return next((r for s, e, r in self._kept if s is snapshot and e is earlier), None)
