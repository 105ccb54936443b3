"""What exceptions mean and what to look at first, by type.

Own words on the builtin exceptions and those of common libraries. A type that is not listed is
looked up by its last name only where that name is unmistakable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from iqdebug.state import ExceptionInfo

__all__ = ["meaning_of"]

# Qualified name (a trailing * stands for any module of the package) → what it means; what to look at.
_TYPES: dict[str, str] = {
    "AttributeError": "The object has no attribute of that name. Look at what the object really is, "
    "and where it was made.",
    "TypeError": "A value of the wrong kind, or a call with the wrong arguments. Look at the types of the "
    "operands, or at the signature of what is called.",
    "ValueError": "The kind of value is right, the value itself is not. Look at where it was computed or read.",
    "KeyError": "The mapping has no such key. Look at the keys that it has, and at how this one was spelled.",
    "IndexError": "The position lies outside the sequence. Look at its length, and at how the position was counted.",
    "NameError": "Nothing of that name is defined here. Look for a typo, a missing import, or an order of lines.",
    "UnboundLocalError": "The name is local because it is assigned somewhere in the function, and this line comes "
    "first. Look at the branch that skips the assignment.",
    "ZeroDivisionError": "The divisor is zero. Look at the collection or counter it came from: often nothing was found.",
    "RecursionError": "A function calls itself, directly or through others, without coming to an end. Look at the "
    "condition that should stop it, and at the argument that should shrink.",
    "AssertionError": "Something the code takes for granted does not hold. Look at the values in the condition.",
    "StopIteration": "An iterator was asked for more than it holds. Look at `next()` without a default.",
    "RuntimeError": "The state of the program does not allow this. Look at what was done before, and in which order.",
    "NotImplementedError": "A method that a subclass has to provide was called. Look at the object's class.",
    "ImportError": "The module is there, the name in it is not. Look at its version, and for two modules that "
    "import each other.",
    "ModuleNotFoundError": "No module of that name can be found. Look at the interpreter's environment and at sys.path.",
    "FileNotFoundError": "There is no such file, seen from the current folder. Look at the path and at the folder.",
    "PermissionError": "The operating system forbids it. Look at the owner and mode, and at who the process runs as.",
    "IsADirectoryError": "A folder was opened as a file. Look at how the path was put together.",
    "ConnectionRefusedError": "Nothing listens at that address and port. Look at whether the service runs there.",
    "ConnectionResetError": "The other side ended the connection. Look at its log, and at time limits in between.",
    "BrokenPipeError": "The reader has gone. Look at what became of the other process.",
    "TimeoutError": "No answer came in time. Look at what was waited for, and whether the limit fits.",
    "OSError": "The operating system refused a call; the number says why. Look at the path or address in the message.",
    "UnicodeDecodeError": "The bytes are not text in that encoding. Look at where they come from and how they were written.",
    "UnicodeEncodeError": "The text has a character that the target encoding lacks. Look at the encoding of the output.",
    "MemoryError": "There was no memory left for an allocation. Look at what grows without bound.",
    "OverflowError": "A number is too large for what holds it. Look at the unit: milliseconds for seconds, say.",
    "SyntaxError": "The text is not Python. Look at the marked place and at the line before it.",
    "EOFError": "Input ended where more was expected. Look at what should have written it.",
    "BufferError": "Memory that others still look at cannot change its size. Look for a memoryview that is alive.",
    "ExceptionGroup": "Several things failed at once. Look at the members: each has its own traceback.",
    "BaseExceptionGroup": "Several things failed at once. Look at the members: each has its own traceback.",
    "json.decoder.JSONDecodeError": "The text is not JSON at the place named. Look at its beginning: often it is "
    "empty, or a page that says an error.",
    "subprocess.CalledProcessError": "The command ended with an error of its own. Look at its stderr.",
    "subprocess.TimeoutExpired": "The command did not end in time. Look at what it waits for: often its input.",
    "asyncio.exceptions.CancelledError": "The task was cancelled from outside. Look at time limits around it and at "
    "who ended its group.",
    "asyncio.exceptions.InvalidStateError": "A future was read before it was done, or set twice.",
    "concurrent.futures.process.BrokenProcessPool": "A worker process died. Look for a native crash or the kernel's "
    "out-of-memory killer.",
    "pickle.PicklingError": "The object cannot be sent to another process. Look for lambdas, open files and locks in it.",
    "sqlite3.OperationalError": "The database refused the statement. Look at the table and column names, and at who "
    "else holds a lock.",
    "sqlite3.IntegrityError": "The row breaks a constraint of its table. Look at keys that are given twice or missing.",
    "ssl.SSLCertVerificationError": "The server's certificate is not trusted here. Look at its name, its date and the "
    "machine's certificates.",
    "socket.gaierror": "The host's name cannot be resolved. Look at its spelling and at the machine's DNS.",
    "requests.exceptions.ConnectionError": "The server could not be reached. Look at host, port and proxy.",
    "requests.exceptions.HTTPError": "The server answered with an error status. Look at the answer's body.",
    "requests.exceptions.JSONDecodeError": "The answer is not JSON. Look at its status and first characters.",
    "requests.exceptions.Timeout": "The server did not answer in time. Look at which of the two limits passed: "
    "connecting or reading.",
    "httpx.ConnectError": "The server could not be reached. Look at host, port and proxy.",
    "httpx.ReadTimeout": "The server took the request and did not answer in time.",
    "httpx.HTTPStatusError": "The server answered with an error status. Look at the answer's body.",
    "urllib3.exceptions.MaxRetryError": "Every attempt to reach the server failed; the reason stands at its end.",
    "sqlalchemy.exc.OperationalError": "The database refused or could not be reached. Look at the statement and the "
    "driver's own message, which is its cause.",
    "sqlalchemy.exc.IntegrityError": "The row breaks a constraint. Look at unique and foreign keys among its values.",
    "sqlalchemy.exc.ProgrammingError": "The statement does not fit the schema. Look at migrations that have not run.",
    "sqlalchemy.exc.NoResultFound": "A query that must find one row found none. Look at its conditions.",
    "sqlalchemy.orm.exc.DetachedInstanceError": "An attribute was loaded after its session had closed. Look at where "
    "the object left the session.",
    "sqlalchemy.exc.PendingRollbackError": "An earlier error left the transaction broken. Look at that one first.",
    "pydantic_core._pydantic_core.ValidationError": "The data does not fit the model; each field says why. Look at the "
    "input under the field's name.",
    "pydantic.error_wrappers.ValidationError": "The data does not fit the model; each field says why.",
    "django.core.exceptions.ImproperlyConfigured": "A setting is missing or wrong. Look at DJANGO_SETTINGS_MODULE and "
    "the environment.",
    "django.core.exceptions.ObjectDoesNotExist": "A query that must find one row found none. Look at its conditions.",
    "django.db.utils.OperationalError": "The database refused or could not be reached. Look at migrations and address.",
    "django.core.exceptions.SynchronousOnlyOperation": "Blocking database code ran inside an event loop. Use "
    "sync_to_async, or the a-methods.",
    "werkzeug.exceptions.BadRequestKeyError": "The request has no such form field or parameter. Look at its method, its "
    "content type and the names it sent.",
    "werkzeug.routing.exceptions.BuildError": "No route has that endpoint with those values. Look at the endpoint's name.",
    "jinja2.exceptions.UndefinedError": "The template uses a name that it was not given. Look at the call that renders it.",
    "jinja2.exceptions.TemplateNotFound": "No such template in the loader's folders. Look at the folder and the name.",
    "numpy.exceptions.AxisError": "The array has fewer dimensions than the axis named. Look at its shape.",
    "numpy.linalg.LinAlgError": "The matrix cannot be worked with so: singular, or not square. Look at its rank and shape.",
    "pandas.errors.MergeError": "The tables do not fit the merge asked for. Look at duplicates in the keys.",
    "pandas.errors.EmptyDataError": "The file has no columns to read. Look at whether it is empty.",
    "pandas.errors.ParserError": "A row of the file has another number of fields. Look at the separator and quotes there.",
    "click.exceptions.UsageError": "The command line was wrong; the message says how.",
}  # fmt: skip

_MESSAGES: tuple[tuple[str, str, str], ...] = (
    ("RuntimeError", r"dictionary changed size|changed during iteration", "A collection was changed while a loop went "
     "over it. Loop over a copy, or collect the changes first."),
    ("RuntimeError", r"no running event loop", "Async code was called where no event loop runs. Look at who called it: "
     "a thread, or plain code."),
    ("RuntimeError", r"attached to a different loop", "An asyncio object made in one loop is used in another. Look at "
     "where it was made: often at import time."),
    ("RuntimeError", r"cannot be called from a running event loop|already running", "A loop was started inside a loop. "
     "Await instead."),
    ("RuntimeError", r"CUDA out of memory", "The GPU has no memory left. Look at the batch size and at tensors kept alive."),
    ("RuntimeError", r"expected all tensors to be on the same device", "Tensors live on different devices. Look at the "
     "one that was not moved."),
    ("ValueError", r"shapes? .* not aligned|could not be broadcast", "The arrays' shapes do not fit. Look at both shapes."),
    ("ValueError", r"truth value of an? (array|Series|DataFrame)", "An array was used as a condition. Use any() or all()."),
    ("ValueError", r"I/O operation on closed file", "The file was closed before it was used. Look at the end of its `with`."),
    ("ValueError", r"(max|min)\(\).* empty", "There was nothing to choose from. Look at why the collection is empty."),
    ("TypeError", r"can't compare offset-naive and offset-aware|can't subtract offset-naive", "One time knows its zone, the "
     "other does not. Look at where each was made."),
    ("TypeError", r"'coroutine' object|coroutine .* was never awaited", "A coroutine was used instead of its result: an "
     "`await` is missing."),
    ("TypeError", r"not JSON serializable", "JSON has no form for that type. Look at which value it is."),
    ("TypeError", r"unhashable type", "A list, dict or set was used as a key or put into a set."),
    ("AttributeError", r"partially initialized module", "Two modules import each other, or a file of yours is named like "
     "the module."),
    ("ImportError", r"partially initialized module|circular import", "Two modules import each other. Move one import into "
     "the function that needs it."),
)  # fmt: skip


def meaning_of(error: ExceptionInfo) -> str:
    """One or two sentences: what an exception of this type (and message) means, and what to look at.
    "" where nothing is known."""
    name = error.type.split(" ")[0]
    last = name.rsplit(".", 1)[-1]
    for kind, pattern, words in _MESSAGES:
        if last == kind and re.search(pattern, error.message[:500]):
            return words
    return _TYPES.get(name) or _by_package(name, last)


def _by_package(name: str, last: str) -> str:
    """A type that a library shows under a shorter name, or that Django makes for each model."""
    top = name.split(".")[0]
    alike: Sequence[str] = [key for key in _TYPES if key.split(".")[0] == top and key.endswith("." + last)]
    if len(alike) == 1:
        return _TYPES[alike[0]]
    if last == "DoesNotExist":
        return _TYPES["django.core.exceptions.ObjectDoesNotExist"]
    return ""
