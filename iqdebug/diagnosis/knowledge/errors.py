"""Python's own exceptions about values, names and types.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
AttributeError ~ 'NoneType' object
An attribute was taken from None: something that should have given an object gave nothing.
Look at where the value was made: a look-up that found nothing, or a function that ends without `return`.

AttributeError ~ ^module |partially initialized
A module does not have that name.
Look for a file of your own with the module's name, an import in a circle, or a version that renamed it.

AttributeError
The object has no attribute of that name.
Compare the object's type with the one you expected, and the name with those it has.

TypeError ~ missing \d+ required|takes .* positional argument|unexpected keyword|multiple values for
The arguments of the call do not fit the function's parameters.
Hold the call against the `def` line, and mind that a method receives `self` as well.

TypeError ~ not subscriptable|does not support item
The object has no elements that `[...]` could reach.
Look at its type: it may be None, a function that was not called, or one level less nested than thought.

TypeError ~ not callable
Something that is no function was called.
See whether a variable has taken a function's name, or a comma or operator is missing before a bracket.

TypeError ~ unhashable
A list, set or mapping was used as a key or put into a set, which takes unchanging values alone.
Make a tuple or frozenset of it, or take a part of it as the key.

TypeError ~ unsupported operand|not supported between|can only concatenate|can't concat
The operands are of types that this operator does not combine.
Look at both values: one is often None, or text that was not converted to a number.

TypeError ~ not iterable|non-iterable
Something that has no elements was looped over or unpacked.
Look at where the value was made: a single value may have come where a list was due.

TypeError ~ JSON serializable
The value holds an object that JSON has no form for.
Find the element of that type, and convert it before or hand the encoder a `default`.

TypeError ~ await|coroutine
A coroutine and a plain value were taken for each other.
See where `await` is missing, or stands before a function that is not async.

TypeError
A value is of a type that this operation does not take.
Compare the types of the values on the failing line with what the operation wants.

ValueError ~ unpack
The number of elements is not the number of names on the left.
Look at the value that is unpacked, and at the line of the input that it came from.

ValueError ~ invalid literal for int|could not convert string
A text that is no number was to be converted.
Look at the text itself: it may be empty, or hold a unit, a separator or a heading.

ValueError ~ closed file
A file was used after it was closed.
Look for the `with` block that ended, or the `close` call, before this line.

ValueError ~ time data|unconverted data|isoformat
A text does not follow the date format that it is read by.
Compare text and format piece by piece.

ValueError ~ is not in (list|tuple|deque)|substring not found|x not in
An element that is not there was looked for.
Compare the element with those that are there, type and white space included.

ValueError ~ empty sequence|iterable argument is empty
The greatest or least of nothing was asked for.
Find out why the sequence is empty, or give a `default`.

ValueError
A value has the right type, and is not one that the operation can use.
Look at the value and at what the message says about the limits.

KeyError
A mapping has no such key.
Compare the key with those that are there: another type, case or white space is common.

IndexError
A sequence has fewer elements than the index asks for.
Look at its length, and at how the index was computed: counting starts at 0.

LookupError ~ unknown encoding|codec
An encoding of that name does not exist here.
Look at the spelling of the encoding's name.

LookupError
Something was looked for and is not there.
Compare what was looked for with what there is.

NameError
A name is used that nothing has bound.
Look for a typing error, a missing import, or an assignment that did not run.

UnboundLocalError
A local variable is read before it has a value: an assignment further down makes the name local.
See which branch assigns it, or whether `global` or `nonlocal` is meant.

ZeroDivisionError
A number was divided by zero.
Look at where the divisor was counted or summed: it is often the size of something empty.

OverflowError
A number is too large for the type that is to hold it.
Look at the operands: a product, power or time may have grown past its limits, or be infinite.

FloatingPointError
A floating point operation was told to raise on a result that is not exact or not finite.
Look at the operands for zero, NaN and very large values.

ArithmeticError
A calculation has no result.
Look at the operands.

AssertionError
A condition that the program takes for granted does not hold.
Read the condition, and ask which of its values is not as assumed.

RecursionError
Functions called each other without end, or deeper than the limit allows.
Look at what ends the recursion, and at whether the arguments come nearer to it with each call.
"""
