"""Writes down for the model what is known of a stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iqdebug.assistant.debuggee import DebuggeeContext
from iqdebug.assistant.prompts import about_process
from iqdebug.assistant.redaction import Redactor, wrap_untrusted
from iqdebug.assistant.session_binding import SessionBinding
from iqdebug.assistant.tools.base import numbered_frames
from iqdebug.core.state import Diagnosis, Snapshot, Variable
from iqdebug.diagnosis.prompt.delta import packed_delta
from iqdebug.diagnosis.prompt.pack import estimated_tokens, packed

__all__ = ["StopEvidence"]

MAX_EVIDENCE_TOKENS = 16_000
"""Of a stop that is written down whole."""
MAX_DELTA_TOKENS = 3_000
"""Of what changed since an earlier stop."""
MIN_EVIDENCE_TOKENS = 800
"""However slowly the model reads: less does not hold a failure with its source."""
WINDOW_PARTS = 6
"""One stop takes at most one part in so many of the model's window."""


class StopEvidence:
    """Masks secrets, wraps the debuggee's text as untrusted, and keeps within a share of the window.

    :param window_tokens: the size of the model's window; 0 where there is no model or it is not known.
    :param patient_tokens: what the model reads in the seconds that a person waits for the first word; 0
        where its speed is not known.
    """

    def __init__(
        self,
        binding: SessionBinding,
        debuggee: DebuggeeContext,
        redactor: Redactor,
        window_tokens: Callable[[], int],
        patient_tokens: Callable[[], int] = lambda: 0,
    ) -> None:
        self._binding = binding
        self._crash = debuggee.crash
        self._redactor = redactor
        self._window_tokens = window_tokens
        self._patient_tokens = patient_tokens

    def text(self, snapshot: Snapshot, diagnosis: Diagnosis, earlier: Snapshot | None = None) -> str:
        """Begins with which process it is, unless the model knows.

        :param earlier: the stop that the model knows; what is new since then is enough where the
            process went on from there.
        """
        self._redactor.learn_snapshot(snapshot)
        process = about_process(snapshot)
        head = f"{process}\n\n" if earlier is None or about_process(earlier) != process else ""
        budget = self._budget() - estimated_tokens(head)
        read_source = self._binding.read_source
        if earlier is not None and _goes_on_from(snapshot, earlier):
            evidence = packed_delta(
                snapshot,
                earlier,
                diagnosis,
                read_source=read_source,
                budget=min(MAX_DELTA_TOKENS, budget),
            )
        else:
            git = self._crash.git if self._crash is not None else None
            evidence = packed(
                snapshot,
                diagnosis,
                read_source=read_source,
                budget=budget,
                children=self._children,
                logs=self._binding.ui.logs(),
                diff=(git.diff, git.root) if git is not None else ("", ""),
                numbers=_numbers(snapshot),
            )
        return wrap_untrusted(
            self._redactor.scrub(head + evidence.text), f"evidence of stop {snapshot.epoch}"
        )

    def _budget(self) -> int:
        window, patient = self._window_tokens(), self._patient_tokens()
        budget = min(MAX_EVIDENCE_TOKENS, window // WINDOW_PARTS) if window else MAX_EVIDENCE_TOKENS
        return min(budget, max(patient, MIN_EVIDENCE_TOKENS)) if patient else budget

    def _children(self, reference: int) -> Sequence[Variable]:
        if self._crash is None:
            return ()
        return self._crash.children(reference)


def _numbers(snapshot: Snapshot) -> dict[int, int]:
    thread = snapshot.focused
    frames = numbered_frames(snapshot, thread) if thread is not None else ()
    return {frame.id: number for number, frame in enumerate(frames) if frame.id is not None}


def _goes_on_from(snapshot: Snapshot, earlier: Snapshot) -> bool:
    """Whether what changed is enough: not after a look at a running process, and not at the stop where an
    exception comes up."""
    if earlier.pid != snapshot.pid or not earlier.phase.is_stopped:
        return False
    return snapshot.exception is None or earlier.exception is not None
