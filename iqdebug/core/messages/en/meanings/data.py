"""Exceptions of arrays, tables, models and documents. What they mean, and what to look at."""

from __future__ import annotations

__all__ = ["BLOCKS"]

BLOCKS = r"""
pydantic_core_validation_error
The data does not fit the model.
Look at each listed field: where it is, what came, and what the model declares.

pydantic_user_error
A model is declared in a way that pydantic cannot use.
Look at the annotation that the message names.

pydantic_import_error
Something was moved with pydantic 2.
Look at the message for its new place, or at the version that the code was written for.

lin_alg_error
A matrix has no inverse, or a decomposition did not come to an end.
Look for columns that depend on each other, for zeros and for NaN.

value_error.operands_could_broadcast
The shapes of two arrays do not fit each other.
Print both shapes, and see which axis was dropped or transposed.

value_error.truth_value_array
An array was used as a condition, and has many truth values.
Use `any()`, `all()`, or `&` and `|` with brackets.

value_error.cannot_reshape
The array does not have as many elements as the new shape.
Look at the array's size.

value_error.inhomogeneous
The rows of an array to be made are of different lengths.
Look for the row that is longer or shorter.

value_error.input_contains_nan
The data has missing or infinite values, which this model does not take.
Find their columns and fill or drop them.

value_error.found_array_with
The arrays do not have the shapes that the model expects.
Look at the number of rows and columns of each.

axis_error
The array has fewer axes than the one that was named.
Look at its shape.

array_memory_error
An array is too large for the memory.
Look at the shape and element type in the message: an axis may be multiplied by mistake.

u_func_no_loop_error
An operation does not know these element types.
Look for an array of objects or texts among numbers.

key_error.index
The table has no such column or row.
Compare the name with the table's columns: white space and case are common, and the index is no column.

parser_error
A line of the file has another number of fields than expected.
Look at the line that the message names, and at separator and quotes.

empty_data_error
The file has no columns to read.
Look at whether it is empty, or the reader stands at its end already.

merge_error
Two tables cannot be joined as asked.
Look at the keys and at whether they are unique.

invalid_index_error
The index has labels more than once, or is of another kind.
Look for doubled labels.

out_of_bounds_datetime
A date is outside of what nanoseconds can count (1677 to 2262).
Look at the value: it is often a placeholder such as 9999.

int_casting_na_n_error
A column with missing values was to become whole numbers.
Fill or drop them, or use the nullable `Int64`.

setting_with_copy_warning
A value was set in what may be a copy of the table.
Use one `.loc[rows, column]`.

date_parse_error
A text is no date that can be recognised.
Look at the text, and give a format.

scanner_error
The text is not YAML.
Look at the line: tabs, a colon without a space, or indentation.

constructor_error
The YAML asks for an object that the loader does not make.
Look at the tag that the message names.

out_of_memory_error
The memory of the accelerator is used up.
Look at the batch size, and at tensors that keep their history.

runtime_error.size_tensor
The shapes of two tensors do not fit each other.
Print the shapes before the line.

runtime_error.same_device
Tensors lie on different devices.
Move model and data to the same one.
"""
