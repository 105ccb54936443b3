"""Exceptions of arrays, tables, models and documents.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
pydantic_core_validation_error
    pydantic_core._pydantic_core.ValidationError pydantic_core.ValidationError pydantic.error_wrappers.ValidationError pydantic.ValidationError
pydantic_user_error
    pydantic.errors.PydanticUserError pydantic.errors.PydanticSchemaGenerationError
pydantic_import_error
    pydantic.errors.PydanticImportError
lin_alg_error
    numpy.linalg.LinAlgError numpy.linalg.linalg.LinAlgError
value_error.operands_could_broadcast
    ValueError ~ operands could not be broadcast|shapes? .* not aligned|could not broadcast
value_error.truth_value_array
    ValueError ~ truth value of (an array|a Series|a DataFrame)
value_error.cannot_reshape
    ValueError ~ cannot reshape
value_error.inhomogeneous
    ValueError ~ inhomogeneous
value_error.input_contains_nan
    ValueError ~ Input (X )?contains (NaN|infinity)|contains NaN
value_error.found_array_with
    ValueError ~ Found array with|inconsistent numbers of samples|Expected 2D array
axis_error
    numpy.exceptions.AxisError numpy.AxisError
array_memory_error
    numpy.core._exceptions._ArrayMemoryError numpy._core._exceptions._ArrayMemoryError
u_func_no_loop_error
    numpy.core._exceptions._UFuncNoLoopError numpy._core._exceptions._UFuncNoLoopError
key_error.index
    KeyError ~ not in index|are in the \[(columns|index)\]
parser_error
    pandas.errors.ParserError
empty_data_error
    pandas.errors.EmptyDataError
merge_error
    pandas.errors.MergeError
invalid_index_error
    pandas.errors.InvalidIndexError
out_of_bounds_datetime
    pandas.errors.OutOfBoundsDatetime pandas._libs.tslibs.np_datetime.OutOfBoundsDatetime
int_casting_na_n_error
    pandas.errors.IntCastingNaNError
setting_with_copy_warning
    pandas.errors.SettingWithCopyWarning pandas.errors.ChainedAssignmentError
date_parse_error
    pandas._libs.tslibs.parsing.DateParseError dateutil.parser._parser.ParserError
scanner_error
    yaml.scanner.ScannerError yaml.parser.ParserError
constructor_error
    yaml.constructor.ConstructorError
out_of_memory_error
    torch.OutOfMemoryError torch.cuda.OutOfMemoryError
runtime_error.size_tensor
    RuntimeError ~ size of tensor|shapes cannot be multiplied|mat1 and mat2
runtime_error.same_device
    RuntimeError ~ same device|two devices
"""
