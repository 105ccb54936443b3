"""Exceptions of arrays, tables, models and documents.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
pydantic_core._pydantic_core.ValidationError pydantic_core.ValidationError pydantic.error_wrappers.ValidationError pydantic.ValidationError
The data does not fit the model.
Look at each listed field: where it is, what came, and what the model declares.

pydantic.errors.PydanticUserError pydantic.errors.PydanticSchemaGenerationError
A model is declared in a way that pydantic cannot use.
Look at the annotation that the message names.

pydantic.errors.PydanticImportError
Something was moved with pydantic 2.
Look at the message for its new place, or at the version that the code was written for.

numpy.linalg.LinAlgError numpy.linalg.linalg.LinAlgError
A matrix has no inverse, or a decomposition did not come to an end.
Look for columns that depend on each other, for zeros and for NaN.

ValueError ~ operands could not be broadcast|shapes? .* not aligned|could not broadcast
The shapes of two arrays do not fit each other.
Print both shapes, and see which axis was dropped or transposed.

ValueError ~ truth value of (an array|a Series|a DataFrame)
An array was used as a condition, and has many truth values.
Use `any()`, `all()`, or `&` and `|` with brackets.

ValueError ~ cannot reshape
The array does not have as many elements as the new shape.
Look at the array's size.

ValueError ~ inhomogeneous
The rows of an array to be made are of different lengths.
Look for the row that is longer or shorter.

ValueError ~ Input (X )?contains (NaN|infinity)|contains NaN
The data has missing or infinite values, which this model does not take.
Find their columns and fill or drop them.

ValueError ~ Found array with|inconsistent numbers of samples|Expected 2D array
The arrays do not have the shapes that the model expects.
Look at the number of rows and columns of each.

numpy.exceptions.AxisError numpy.AxisError
The array has fewer axes than the one that was named.
Look at its shape.

numpy.core._exceptions._ArrayMemoryError numpy._core._exceptions._ArrayMemoryError
An array is too large for the memory.
Look at the shape and element type in the message: an axis may be multiplied by mistake.

numpy.core._exceptions._UFuncNoLoopError numpy._core._exceptions._UFuncNoLoopError
An operation does not know these element types.
Look for an array of objects or texts among numbers.

KeyError ~ not in index|are in the \[(columns|index)\]
The table has no such column or row.
Compare the name with the table's columns: white space and case are common, and the index is no column.

pandas.errors.ParserError
A line of the file has another number of fields than expected.
Look at the line that the message names, and at separator and quotes.

pandas.errors.EmptyDataError
The file has no columns to read.
Look at whether it is empty, or the reader stands at its end already.

pandas.errors.MergeError
Two tables cannot be joined as asked.
Look at the keys and at whether they are unique.

pandas.errors.InvalidIndexError
The index has labels more than once, or is of another kind.
Look for doubled labels.

pandas.errors.OutOfBoundsDatetime pandas._libs.tslibs.np_datetime.OutOfBoundsDatetime
A date is outside of what nanoseconds can count (1677 to 2262).
Look at the value: it is often a placeholder such as 9999.

pandas.errors.IntCastingNaNError
A column with missing values was to become whole numbers.
Fill or drop them, or use the nullable `Int64`.

pandas.errors.SettingWithCopyWarning pandas.errors.ChainedAssignmentError
A value was set in what may be a copy of the table.
Use one `.loc[rows, column]`.

pandas._libs.tslibs.parsing.DateParseError dateutil.parser._parser.ParserError
A text is no date that can be recognised.
Look at the text, and give a format.

yaml.scanner.ScannerError yaml.parser.ParserError
The text is not YAML.
Look at the line: tabs, a colon without a space, or indentation.

yaml.constructor.ConstructorError
The YAML asks for an object that the loader does not make.
Look at the tag that the message names.

torch.OutOfMemoryError torch.cuda.OutOfMemoryError
The memory of the accelerator is used up.
Look at the batch size, and at tensors that keep their history.

RuntimeError ~ size of tensor|shapes cannot be multiplied|mat1 and mat2
The shapes of two tensors do not fit each other.
Print the shapes before the line.

RuntimeError ~ same device|two devices
Tensors lie on different devices.
Move model and data to the same one.
"""
