"""What is unusual about the values and places of a failure: one function a rule.

Each rule looks for one cause that people know by name, and is silent in doubt. The weights: 0.9
where values and source prove it, 0.6 for a strong hint, 0.3 for a weak one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.state import Anomaly, ExceptionInfo, Frame
from iqdebug.diagnosis.facts import Facts
from iqdebug.diagnosis.rules import (
    awaiting,
    calls,
    cycles,
    declared,
    defaults,
    elements,
    imports,
    iteration,
    keys,
    modules,
    names,
    none_values,
    numbers,
    odd_sibling,
    operands,
    parsing,
    resources,
    shadowed_names,
    surroundings,
    times,
    unpack,
)
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.source.texts import Texts

__all__ = ["RULES", "CrashContext", "Facts", "find_anomalies"]

Rule = Callable[[CrashContext], Iterator[Anomaly]]

RULES: tuple[Rule, ...] = (
    none_values.none_used,
    none_values.empty_used,
    none_values.zero_divisor,
    elements.index_past_end,
    elements.shrinking_list,
    elements.empty_slice,
    keys.missing_key,
    unpack.unpacking,
    declared.against_annotation,
    operands.mixed_operands,
    operands.text_and_bytes,
    odd_sibling.odd_sibling,
    numbers.not_a_number,
    times.naive_and_aware,
    iteration.exhausted,
    iteration.changed_while_iterating,
    awaiting.never_awaited,
    awaiting.awaited_in_vain,
    awaiting.event_loop_misused,
    calls.wrong_arguments,
    shadowed_names.hidden_name,
    defaults.grown_default,
    names.misspelt_name,
    names.misspelt_attribute,
    names.unbound_local,
    modules.hidden_module,
    modules.circular_import,
    imports.renamed,
    imports.missing_module,
    imports.misspelt_import,
    imports.version_mismatch,
    surroundings.environment_variable,
    surroundings.missing_file,
    surroundings.undecodable,
    parsing.unreadable_number,
    parsing.unreadable_date,
    parsing.unreadable_json,
    resources.used_after_close,
    cycles.endless_recursion,
)

MAX_ANOMALIES_PER_RULE = 4
MAX_ANOMALIES = 16


def find_anomalies(
    frames: Sequence[Frame], error: ExceptionInfo | None, texts: Texts, facts: Facts
) -> list[Anomaly]:
    """What stands out about a failure, the weightiest first; of equals in the order of the rules.

    :param frames: of the exception, innermost first, as its traceback or its thread has them.
    :param error: None where there is no exception; then only few rules have something to say.

    Deterministic, bounded in time, and never raises for what frames and texts contain: an
    anomaly is worth less than the diagnosis that a mistake here would take with it. Each kind
    is said once of a place.
    """
    context = CrashContext(frames, error, texts, facts)
    anomalies: dict[tuple[AnomalyKind, str, int], Anomaly] = {}
    for rule in RULES:
        try:
            for anomaly in islice(rule(context), MAX_ANOMALIES_PER_RULE):
                anomalies.setdefault((anomaly.kind, anomaly.path, anomaly.line), anomaly)
        except Exception:
            continue  # no rule takes the others along
    return sorted(anomalies.values(), key=lambda a: -a.weight)[:MAX_ANOMALIES]
