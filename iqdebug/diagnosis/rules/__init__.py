"""What is unusual about the values and places of a failure: one function a rule.

Each rule looks for one cause that people know by name, and is silent in doubt. The weights: 0.9
where values and source prove it, 0.6 for a strong hint, 0.3 for a weak one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

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
from iqdebug.diagnosis.source.functions import Texts

__all__ = ["KINDS", "RULES", "Facts", "Scene", "find_anomalies"]

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

KINDS: dict[str, str] = {
    "against-annotation": "a parameter holds what its annotation does not allow",
    "async-iteration": "a loop of the wrong kind, with or without `async`",
    "awaited-in-vain": "what is awaited is no awaitable",
    "changed-in-loop": "a container changes inside the loop that runs over it",
    "circular-import": "a module is needed while it is still being imported",
    "empty-slice": "a slice that starts at the end, or past it",
    "empty-used": "an element is taken from an empty container",
    "encoding": "bytes or characters that the encoding does not have",
    "environment": "an environment variable that is not set",
    "event-loop": "an event loop that is used from the wrong place",
    "exhausted-iterator": "an iterator that has been read to its end",
    "grown-default": "a default value that other calls have filled",
    "hidden-builtin": "a variable that hides a builtin",
    "hidden-module": "a file that hides a module of the standard library",
    "hidden-name": "a variable that hides a function or class",
    "index-out-of-range": "an index far from the elements",
    "index-past-end": "an index that is the size itself",
    "missing-key": "a key that is not there, and none near it",
    "missing-self": "an attribute without `self.`",
    "mixed-types": "operands of two types",
    "module-called": "a module in the place of what is in it",
    "naive-datetime": "a datetime without a time zone beside one that has one",
    "near-key": "a key that is nearly there",
    "near-name": "a name that is nearly there",
    "never-awaited": "a coroutine in the place of its result",
    "none-used": "None where something is due",
    "not-a-number": "NaN or infinity in a calculation",
    "not-callable": "a plain value that is called",
    "not-imported": "a module of the standard library that is not imported",
    "not-installed": "a module whose distribution is not installed",
    "number-as-text": "a number that was not converted from text",
    "odd-sibling": "an element of another type than all others",
    "other-type": "a method that another type has",
    "path": "a path that cannot lead to a file",
    "recursion": "a recursion without end",
    "relative-path": "a relative path, looked for from another folder",
    "renamed": "a name that the installed version does not have any more",
    "sibling-key": "a row without a key that the others have",
    "text-and-bytes": "text and bytes together",
    "unbound-local": "a local that is read before it is assigned",
    "unpacking": "another number of elements than of names",
    "unreadable-date": "a text that does not follow its date format",
    "unreadable-json": "a text that is no JSON",
    "unreadable-number": "a text that is no number",
    "used-after-close": "something closed that is used",
    "version-mismatch": "a package whose code and metadata differ in version",
    "wrong-arguments": "a call that does not fit its `def`",
    "zero-divisor": "a divisor that is zero because there is nothing to count",
}
"""Each :attr:`~iqdebug.core.state.Anomaly.kind`, in words."""

_MAX_EACH = 4
_MOST = 16


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
    scene = CrashContext(frames, error, texts, facts)
    found: dict[tuple[str, str, int], Anomaly] = {}
    for rule in RULES:
        try:
            for anomaly in islice(rule(scene), _MAX_EACH):
                found.setdefault((anomaly.kind, anomaly.path, anomaly.line), anomaly)
        except Exception:
            continue  # no rule takes the others along
    return sorted(found.values(), key=lambda a: -a.weight)[:_MOST]
