"""What is unusual about a recorded failure, with everything that its file knows."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from iqdebug.core.state import Diagnosis, ExceptionInfo, Frame, Variable
from iqdebug.crash.model import Crash
from iqdebug.crash.variables import children_of, global_variables
from iqdebug.diagnosis.rules import Facts, find_anomalies
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["with_anomalies"]

MAX_CHILDREN = 400


def with_anomalies(
    crash: Crash, diagnosis: Diagnosis, read_source: Callable[[str], Sequence[str]] | None = None
) -> Diagnosis:
    """The diagnosis with the anomalies of the exception and of its causes, the first cause's first;
    as it is where it has some."""
    error = crash.snapshot.exception
    if diagnosis.anomalies or error is None:
        return diagnosis
    texts = Texts(read_source or crash.read_source)
    chain: list[ExceptionInfo] = [*reversed(error.chain), error]
    thread = crash.snapshot.focused
    anomalies = []
    for each in chain[-4:]:
        frames = each.frames or (thread.frames if each is error and thread is not None else ())
        anomalies += find_anomalies(frames, each, texts, _facts(crash))
    unique = {(a.kind, a.path, a.line): a for a in reversed(anomalies)}
    return replace(diagnosis, anomalies=tuple(a for a in anomalies if unique[a.kind, a.path, a.line] is a))


def _facts(crash: Crash) -> Facts:
    def children(reference: int) -> Sequence[Variable]:
        return list(itertools.islice(children_of(crash, reference), MAX_CHILDREN))

    def module_values(frame: Frame) -> Sequence[Variable]:
        recorded = crash.frames.get(frame.id) if frame.id is not None else None
        return list(global_variables(crash, recorded)) if recorded is not None else ()

    return Facts(
        python=crash.meta.python,
        distributions=crash.distributions,
        environ=tuple(crash.environ),
        cwd=crash.meta.cwd,
        argv=crash.meta.argv,
        logs=crash.logs,
        path_exists=os.path.exists,
        children=children,
        globals_of=module_values,
    )
