"""Python's own exceptions about values, names and types. What they mean, and what to look at."""

from __future__ import annotations

__all__ = ["BLOCKS"]

BLOCKS = r"""
attribute_error.nonetype_object
An attribute was taken from None: something that should have given an object gave nothing.
Look at where the value was made: a look-up that found nothing, or a function that ends without `return`.

attribute_error.module
A module does not have that name.
Look for a file of your own with the module's name, an import in a circle, or a version that renamed it.

attribute_error
The object has no attribute of that name.
Compare the object's type with the one you expected, and the name with those it has.

type_error.missing_required
The arguments of the call do not fit the function's parameters.
Hold the call against the `def` line, and mind that a method receives `self` as well.

type_error.subscriptable
The object has no elements that `[...]` could reach.
Look at its type: it may be None, a function that was not called, or one level less nested than thought.

type_error.callable
Something that is no function was called.
See whether a variable has taken a function's name, or a comma or operator is missing before a bracket.

type_error.unhashable
A list, set or mapping was used as a key or put into a set, which takes unchanging values alone.
Make a tuple or frozenset of it, or take a part of it as the key.

type_error.unsupported_operand
The operands are of types that this operator does not combine.
Look at both values: one is often None, or text that was not converted to a number.

type_error.iterable
Something that has no elements was looped over or unpacked.
Look at where the value was made: a single value may have come where a list was due.

type_error.json_serializable
The value holds an object that JSON has no form for.
Find the element of that type, and convert it before or hand the encoder a `default`.

type_error.await
A coroutine and a plain value were taken for each other.
See where `await` is missing, or stands before a function that is not async.

type_error
A value is of a type that this operation does not take.
Compare the types of the values on the failing line with what the operation wants.

value_error.unpack
The number of elements is not the number of names on the left.
Look at the value that is unpacked, and at the line of the input that it came from.

value_error.invalid_literal_int
A text that is no number was to be converted.
Look at the text itself: it may be empty, or hold a unit, a separator or a heading.

value_error.closed_file
A file was used after it was closed.
Look for the `with` block that ended, or the `close` call, before this line.

value_error.time_data
A text does not follow the date format that it is read by.
Compare text and format piece by piece.

value_error.list
An element that is not there was looked for.
Compare the element with those that are there, type and white space included.

value_error.empty_sequence
The greatest or least of nothing was asked for.
Find out why the sequence is empty, or give a `default`.

value_error
A value has the right type, and is not one that the operation can use.
Look at the value and at what the message says about the limits.

key_error
A mapping has no such key.
Compare the key with those that are there: another type, case or white space is common.

index_error
A sequence has fewer elements than the index asks for.
Look at its length, and at how the index was computed: counting starts at 0.

lookup_error.unknown_encoding
An encoding of that name does not exist here.
Look at the spelling of the encoding's name.

lookup_error
Something was looked for and is not there.
Compare what was looked for with what there is.

name_error
A name is used that nothing has bound.
Look for a typing error, a missing import, or an assignment that did not run.

unbound_local_error
A local variable is read before it has a value: an assignment further down makes the name local.
See which branch assigns it, or whether `global` or `nonlocal` is meant.

zero_division_error
A number was divided by zero.
Look at where the divisor was counted or summed: it is often the size of something empty.

overflow_error
A number is too large for the type that is to hold it.
Look at the operands: a product, power or time may have grown past its limits, or be infinite.

floating_point_error
A floating point operation was told to raise on a result that is not exact or not finite.
Look at the operands for zero, NaN and very large values.

arithmetic_error
A calculation has no result.
Look at the operands.

assertion_error
A condition that the program takes for granted does not hold.
Read the condition, and ask which of its values is not as assumed.

recursion_error
Functions called each other without end, or deeper than the limit allows.
Look at what ends the recursion, and at whether the arguments come nearer to it with each call.
"""
