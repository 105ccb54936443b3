"""Known base classes: what is looked up where a type has no entry of its own."""

from __future__ import annotations

__all__ = ["BASES", "LAST_NAMES"]

_BELOW = """
LookupError: IndexError KeyError
NameError: UnboundLocalError pandas.errors.UndefinedVariableError
ImportError: ModuleNotFoundError
RuntimeError: RecursionError NotImplementedError
ArithmeticError: ZeroDivisionError OverflowError
UnicodeError: UnicodeDecodeError UnicodeEncodeError UnicodeTranslateError
ValueError: UnicodeError
ConnectionError: ConnectionResetError ConnectionRefusedError ConnectionAbortedError BrokenPipeError
OSError: ConnectionError FileNotFoundError PermissionError TimeoutError BlockingIOError
    io.UnsupportedOperation shutil.Error ssl.SSLError socket.gaierror socket.herror gzip.BadGzipFile
shutil.Error: shutil.SameFileError
TimeoutError: socket.timeout asyncio.TimeoutError asyncio.exceptions.TimeoutError
    concurrent.futures.TimeoutError concurrent.futures._base.TimeoutError
    aiohttp.client_exceptions.ServerTimeoutError
asyncio.CancelledError: concurrent.futures._base.CancelledError
ssl.SSLError: ssl.SSLZeroReturnError ssl.SSLEOFError ssl.SSLCertVerificationError
Warning: PendingDeprecationWarning UnicodeWarning BytesWarning ImportWarning EncodingWarning
    numpy.exceptions.ComplexWarning numpy.exceptions.VisibleDeprecationWarning
sqlite3.DatabaseError: sqlite3.DataError sqlite3.IntegrityError
http.client.RemoteDisconnected: http.client.BadStatusLine
configparser.NoSectionError: configparser.ParsingError configparser.MissingSectionHeaderError
zipfile.BadZipFile: tarfile.ReadError
requests.exceptions.Timeout: requests.exceptions.ConnectTimeout requests.exceptions.ReadTimeout
requests.exceptions.RequestException: requests.exceptions.Timeout requests.exceptions.ConnectionError
    requests.exceptions.ContentDecodingError requests.exceptions.RetryError
    requests.exceptions.InvalidHeader requests.exceptions.StreamConsumedError
requests.exceptions.JSONDecodeError: requests.exceptions.InvalidJSONError
urllib3.exceptions.HTTPError: urllib3.exceptions.ConnectTimeoutError urllib3.exceptions.ReadTimeoutError
    urllib3.exceptions.SSLError urllib3.exceptions.LocationParseError
urllib3.exceptions.NewConnectionError: urllib3.exceptions.NameResolutionError
urllib3.exceptions.ProtocolError: urllib3.exceptions.IncompleteRead
httpx.RemoteProtocolError: httpx.ReadError httpx.WriteError
httpx.HTTPError: httpx.CloseError httpx.ProxyError httpx.LocalProtocolError httpx.TooManyRedirects
    httpx.DecodingError httpx.RequestError
aiohttp.client_exceptions.ClientError: aiohttp.client_exceptions.ClientResponseError
    aiohttp.client_exceptions.ClientPayloadError aiohttp.client_exceptions.ClientOSError
httpx.InvalidURL: aiohttp.client_exceptions.InvalidURL
sqlalchemy.exc.StatementError: sqlalchemy.exc.DataError sqlalchemy.exc.InterfaceError
    sqlalchemy.exc.InternalError sqlalchemy.exc.DBAPIError sqlalchemy.exc.DatabaseError
sqlalchemy.exc.SQLAlchemyError: sqlalchemy.exc.CompileError sqlalchemy.orm.exc.StaleDataError
sqlalchemy.exc.InvalidRequestError: sqlalchemy.exc.NoSuchTableError sqlalchemy.exc.NoReferencedTableError
    sqlalchemy.exc.NoInspectionAvailable sqlalchemy.orm.exc.UnmappedInstanceError
sqlalchemy.exc.ArgumentError: sqlalchemy.exc.NoForeignKeysError sqlalchemy.exc.AmbiguousForeignKeysError
sqlalchemy.exc.NoResultFound: sqlalchemy.orm.exc.NoResultFound
django.core.exceptions.ImproperlyConfigured: django.core.exceptions.ViewDoesNotExist
django.core.exceptions.FieldError: django.core.exceptions.FieldDoesNotExist
django.core.exceptions.PermissionDenied: django.core.exceptions.SuspiciousOperation
django.db.utils.IntegrityError: django.db.utils.DataError
django.db.utils.OperationalError: django.db.utils.InterfaceError
werkzeug.exceptions.NotFound: django.urls.exceptions.Resolver404 django.http.response.Http404
werkzeug.exceptions.HTTPException: werkzeug.exceptions.BadRequest werkzeug.exceptions.Unauthorized
    werkzeug.exceptions.Forbidden werkzeug.exceptions.InternalServerError
    werkzeug.exceptions.ServiceUnavailable
jinja2.exceptions.TemplateNotFound: jinja2.exceptions.TemplatesNotFound
jinja2.exceptions.TemplateSyntaxError: jinja2.exceptions.TemplateAssertionError
KeyError: pandas.errors.UnsortedIndexError
pandas.errors.InvalidIndexError: pandas.errors.DuplicateLabelError
OverflowError: pandas.errors.OutOfBoundsTimedelta pandas._libs.tslibs.timedeltas.OutOfBoundsTimedelta
IndexError: pandas.core.indexing.IndexingError pandas.errors.IndexingError
click.exceptions.UsageError: click.exceptions.BadOptionUsage click.exceptions.BadArgumentUsage
FileNotFoundError: click.exceptions.FileError
argparse.ArgumentError: argparse.ArgumentTypeError _pytest.config.exceptions.UsageError
_pytest.fixtures.FixtureLookupError: _pytest.fixtures.FixtureLookupErrorRepr
_pytest.outcomes.Failed: _pytest.outcomes.XFailed
yaml.parser.ParserError: yaml.composer.ComposerError yaml.reader.ReaderError
"""


def _table() -> dict[str, str]:
    bases: dict[str, str] = {}
    base = ""
    for line in _BELOW.strip().splitlines():
        words = line.split()
        if words[0].endswith(":"):
            base = words.pop(0)[:-1]
        bases.update(dict.fromkeys(words, base))
    return bases


BASES: dict[str, str] = _table()
"""A type → its base class, or one whose entry says the same. Rows of the table go on where they are
indented."""

LAST_NAMES: dict[str, str] = {
    "CancelledError": "asyncio.CancelledError",
    "ConnectionError": "ConnectionError",
    "DoesNotExist": "django.core.exceptions.ObjectDoesNotExist",
    "JSONDecodeError": "json.decoder.JSONDecodeError",
    "MultipleObjectsReturned": "django.core.exceptions.MultipleObjectsReturned",
    "TimeoutError": "TimeoutError",
}
"""Names that mean the same in whatever module they are defined: each model of Django has exceptions
of its own."""
