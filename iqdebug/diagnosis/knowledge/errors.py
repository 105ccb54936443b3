"""Python's own exceptions about values, names and types.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
attribute_error.nonetype_object
    AttributeError ~ 'NoneType' object
attribute_error.module
    AttributeError ~ ^module |partially initialized
attribute_error
    AttributeError
type_error.missing_required
    TypeError ~ missing \d+ required|takes .* positional argument|unexpected keyword|multiple values for
type_error.subscriptable
    TypeError ~ not subscriptable|does not support item
type_error.callable
    TypeError ~ not callable
type_error.unhashable
    TypeError ~ unhashable
type_error.unsupported_operand
    TypeError ~ unsupported operand|not supported between|can only concatenate|can't concat
type_error.iterable
    TypeError ~ not iterable|non-iterable
type_error.json_serializable
    TypeError ~ JSON serializable
type_error.await
    TypeError ~ await|coroutine
type_error
    TypeError
value_error.unpack
    ValueError ~ unpack
value_error.invalid_literal_int
    ValueError ~ invalid literal for int|could not convert string
value_error.closed_file
    ValueError ~ closed file
value_error.time_data
    ValueError ~ time data|unconverted data|isoformat
value_error.list
    ValueError ~ is not in (list|tuple|deque)|substring not found|x not in
value_error.empty_sequence
    ValueError ~ empty sequence|iterable argument is empty
value_error
    ValueError
key_error
    KeyError
index_error
    IndexError
lookup_error.unknown_encoding
    LookupError ~ unknown encoding|codec
lookup_error
    LookupError
name_error
    NameError
unbound_local_error
    UnboundLocalError
zero_division_error
    ZeroDivisionError
overflow_error
    OverflowError
floating_point_error
    FloatingPointError
arithmetic_error
    ArithmeticError
assertion_error
    AssertionError
recursion_error
    RecursionError
"""
