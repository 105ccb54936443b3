"""The kinds of what the evidence shows, and the edit that it may prove. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["AnomalyKind", "Confidence", "HopKind", "Replacement"]


class Confidence(str, Enum):
    """How much the evidence proves. The catalogue has each in words, as ``confidence.<name>``."""

    LIKELY = "likely"
    POSSIBLE = "possible"
    NO_CLEAR_SUSPECT = "no clear suspect"


class AnomalyKind(str, Enum):
    """What is unusual. The catalogue of messages has each in words, as ``anomaly_kind.<value>``."""

    AGAINST_ANNOTATION = "against-annotation"
    ASYNC_ITERATION = "async-iteration"
    AWAITED_IN_VAIN = "awaited-in-vain"
    CHANGED_IN_LOOP = "changed-in-loop"
    CIRCULAR_IMPORT = "circular-import"
    EMPTY_SLICE = "empty-slice"
    EMPTY_USED = "empty-used"
    ENCODING = "encoding"
    ENVIRONMENT = "environment"
    EVENT_LOOP = "event-loop"
    EXHAUSTED_ITERATOR = "exhausted-iterator"
    GROWN_DEFAULT = "grown-default"
    HIDDEN_BUILTIN = "hidden-builtin"
    HIDDEN_MODULE = "hidden-module"
    HIDDEN_NAME = "hidden-name"
    INDEX_OUT_OF_RANGE = "index-out-of-range"
    INDEX_PAST_END = "index-past-end"
    MISSING_KEY = "missing-key"
    MISSING_SELF = "missing-self"
    MIXED_TYPES = "mixed-types"
    MODULE_CALLED = "module-called"
    NAIVE_DATETIME = "naive-datetime"
    NEAR_KEY = "near-key"
    NEAR_NAME = "near-name"
    NEVER_AWAITED = "never-awaited"
    NONE_USED = "none-used"
    NOT_A_NUMBER = "not-a-number"
    NOT_CALLABLE = "not-callable"
    NOT_IMPORTED = "not-imported"
    NOT_INSTALLED = "not-installed"
    NUMBER_AS_TEXT = "number-as-text"
    ODD_SIBLING = "odd-sibling"
    OTHER_TYPE = "other-type"
    PATH = "path"
    RECURSION = "recursion"
    RELATIVE_PATH = "relative-path"
    RENAMED = "renamed"
    SIBLING_KEY = "sibling-key"
    TEXT_AND_BYTES = "text-and-bytes"
    UNBOUND_LOCAL = "unbound-local"
    UNPACKING = "unpacking"
    UNREADABLE_DATE = "unreadable-date"
    UNREADABLE_JSON = "unreadable-json"
    UNREADABLE_NUMBER = "unreadable-number"
    USED_AFTER_CLOSE = "used-after-close"
    VERSION_MISMATCH = "version-mismatch"
    WRONG_ARGUMENTS = "wrong-arguments"
    ZERO_DIVISOR = "zero-divisor"


class HopKind(str, Enum):
    """How an expression came by its value. The catalogue has each in words, as ``hop.<value>``."""

    FAILED = "failed"  # the failing expression itself
    ASSIGNED = "assigned"
    LOOP_ELEMENT = "loop-element"
    COMPREHENSION_ELEMENT = "comprehension-element"
    BOUND = "bound"  # by `with … as`
    CHANGED = "changed"  # in place, by the method that `detail` names
    PASSED = "passed"  # as the parameter that `detail` names
    CALLED = "called"  # by this call, and what it passed cannot be told
    SET = "set"  # an attribute, by the statement in `detail`
    DECLARED = "declared"  # in the body of its class
    RETURNED = "returned"  # by the statement in `detail`
    RETURNED_NOTHING = "returned-nothing"  # the end of a function was reached
    CONDITION = "condition"  # it let the call happen

    @property
    def gives_value(self) -> bool:
        """Whether the line itself gives the name its value, so that it is known only behind the line."""
        return self in (HopKind.ASSIGNED, HopKind.LOOP_ELEMENT, HopKind.COMPREHENSION_ELEMENT)


@dataclass(frozen=True, slots=True)
class Replacement:
    """An edit that the evidence proves: ``old``, which stands from ``line``, ``column`` to ``end_line``,
    ``end_column`` of the file, becomes ``new``. Lines count from 1, columns in characters from 0; the
    end is behind the last character. Lines within the texts end in ``\\n``."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    old: str
    new: str
