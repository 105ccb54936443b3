"""Names that libraries and Python itself took away: since which version, and what stands for them.

A row: the module (or, for attributes of objects, the type's name), the name, the distribution
("python" for the standard library), the first version without it, and where it went: names, or
``@`` with the end of a message's id, ``renamed.…``, and what that names.
"""

from __future__ import annotations

from iqdebug.core.messages import Message, Text

__all__ = ["DISTRIBUTIONS", "GONE", "Gone"]

Gone = tuple[str, str, Text]
_PYTHON = "python"

_ROWS = """
collections | Mapping MutableMapping Sequence Iterable Callable Hashable | python 3.10 | collections.abc
collections | Iterator Set MutableSet MutableSequence Sized Container | python 3.10 | collections.abc
collections | Generator Awaitable Coroutine | python 3.10 | collections.abc
fractions        | gcd                  | python 3.9  | math.gcd
time             | clock                | python 3.8  | time.perf_counter
cgi              | escape               | python 3.8  | html.escape
platform         | linux_distribution dist | python 3.8 | @package distro
inspect          | getargspec formatargspec | python 3.11 | inspect.getfullargspec, inspect.signature
asyncio          | coroutine            | python 3.11 | async def
asyncio          | async                | python 3.7  | asyncio.ensure_future
base64           | encodestring decodestring | python 3.9 | base64.encodebytes, base64.decodebytes
html.parser      | HTMLParseError       | python 3.5  | @raises_none
xml.etree        | cElementTree         | python 3.9  | xml.etree.ElementTree
unittest         | makeSuite findTestCases | python 3.13 | unittest.TestLoader
configparser     | SafeConfigParser | python 3.12 | configparser.ConfigParser
pkgutil          | ImpImporter ImpLoader | python 3.12 | importlib
ssl              | wrap_socket match_hostname | python 3.12 | ssl.SSLContext.wrap_socket
locale           | format               | python 3.12 | locale.format_string
ast              | Num Str Bytes NameConstant Ellipsis | python 3.14 | ast.Constant
typing           | io re                | python 3.13 | @typing
importlib        | find_loader          | python 3.12 | importlib.util.find_spec
importlib.abc    | Finder               | python 3.12 | importlib.abc.MetaPathFinder
asyncio | get_child_watcher AbstractChildWatcher | python 3.14 | @no_watcher
asyncio | SafeChildWatcher | python 3.14 | @no_watcher
numpy            | int float bool object str complex | numpy 1.24 | @builtin
numpy | float_ complex_ unicode_ | numpy 2.0 | numpy.float64, numpy.complex128, numpy.str_, numpy.bytes_
numpy | string_ | numpy 2.0 | numpy.float64, numpy.complex128, numpy.str_, numpy.bytes_
numpy            | NaN Inf PINF NINF Infinity infty | numpy 2.0 | numpy.nan, numpy.inf
numpy            | product cumproduct sometrue alltrue | numpy 2.0 | prod, cumprod, any, all
numpy            | msort asfarray find_common_type cast source | numpy 2.0 | @numpy_notes
pandas           | Int64Index UInt64Index Float64Index | pandas 2.0 | pandas.Index
pandas           | Panel                | pandas 0.25 | @multi_index
DataFrame        | append iteritems lookup mad | pandas 2.0 | pandas.concat, items
Series           | append iteritems mad | pandas 2.0  | pandas.concat, items
DataFrame        | ix                   | pandas 1.0  | loc, iloc
jinja2           | Markup escape        | Jinja2 3.1  | markupsafe
jinja2 | contextfilter | Jinja2 3.1 | jinja2.pass_context, pass_environment, pass_eval_context
jinja2 | contextfunction | Jinja2 3.1 | jinja2.pass_context, pass_environment, pass_eval_context
jinja2 | environmentfilter | Jinja2 3.1 | jinja2.pass_context, pass_environment, pass_eval_context
jinja2 | evalcontextfilter | Jinja2 3.1 | jinja2.pass_context, pass_environment, pass_eval_context
markupsafe       | soft_unicode         | MarkupSafe 2.1 | markupsafe.soft_str
flask            | Markup escape        | Flask 3.0   | markupsafe
flask            | _app_ctx_stack _request_ctx_stack | Flask 2.3 | flask.globals
flask.json       | JSONEncoder JSONDecoder | Flask 2.3 | flask.json.provider
werkzeug | secure_filename | Werkzeug 1.0 | werkzeug.utils, werkzeug.datastructures, werkzeug.security
werkzeug | FileStorage | Werkzeug 1.0 | werkzeug.utils, werkzeug.datastructures, werkzeug.security
werkzeug | cached_property | Werkzeug 1.0 | werkzeug.utils, werkzeug.datastructures, werkzeug.security
werkzeug | generate_password_hash | Werkzeug 1.0 | werkzeug.utils, werkzeug.datastructures, werkzeug.security
werkzeug | check_password_hash | Werkzeug 1.0 | werkzeug.utils, werkzeug.datastructures, werkzeug.security
werkzeug.urls | url_quote url_unquote url_parse url_encode url_decode | Werkzeug 3.0 | urllib.parse
werkzeug.urls | url_join url_quote_plus | Werkzeug 3.0 | urllib.parse
werkzeug.security | safe_str_cmp safe_join | Werkzeug 2.1 | hmac.compare_digest, werkzeug.utils.safe_join
werkzeug.wrappers | BaseRequest BaseResponse | Werkzeug 2.1 | Request, Response
itsdangerous | json JSONWebSignatureSerializer | itsdangerous 2.1 | @jwt
itsdangerous | TimedJSONWebSignatureSerializer | itsdangerous 2.1 | @jwt
django.conf.urls | url                  | Django 4.0  | django.urls.re_path
django.utils.translation | ugettext | Django 4.0 | gettext, gettext_lazy, gettext_noop, ngettext
django.utils.translation | ugettext_lazy | Django 4.0 | gettext, gettext_lazy, gettext_noop, ngettext
django.utils.translation | ugettext_noop | Django 4.0 | gettext, gettext_lazy, gettext_noop, ngettext
django.utils.translation | ungettext | Django 4.0 | gettext, gettext_lazy, gettext_noop, ngettext
django.utils.encoding | force_text smart_text | Django 4.0 | force_str, smart_str
django.utils.http | urlquote urlunquote | Django 4.0 | urllib.parse.quote, url_has_allowed_host_and_scheme
django.utils.http | is_safe_url | Django 4.0 | urllib.parse.quote, url_has_allowed_host_and_scheme
django.core.urlresolvers | reverse   | Django 2.0  | django.urls.reverse
django.utils     | six                  | Django 3.0  | @package six
django.utils.timezone | utc            | Django 5.0  | datetime.timezone.utc
sqlalchemy       | create_session       | SQLAlchemy 2.0 | sqlalchemy.orm.Session
sqlalchemy.orm   | mapper               | SQLAlchemy 2.0 | registry.map_imperatively
Engine           | execute table_names has_table | SQLAlchemy 2.0 | Connection.execute, sqlalchemy.inspect
requests.packages.urllib3.util.ssl_ | DEFAULT_CIPHERS | urllib3 2.0 | ssl.SSLContext
urllib3.util.ssl_ | DEFAULT_CIPHERS     | urllib3 2.0 | ssl.SSLContext
urllib3.packages | six ordered_dict     | urllib3 2.0 | @package six
scipy.misc       | imread imresize imsave | scipy 1.3 | imageio
scipy.integrate  | simps trapz cumtrapz | scipy 1.14  | simpson, trapezoid, cumulative_trapezoid
scipy.signal     | hann hamming blackman | scipy 1.13 | scipy.signal.windows
sklearn.externals | joblib six          | scikit-learn 0.23 | @package joblib
sklearn          | cross_validation grid_search | scikit-learn 0.20 | sklearn.model_selection
sklearn.datasets | load_boston          | scikit-learn 1.2 | @data_set
networkx         | from_numpy_matrix to_numpy_matrix | networkx 3.0 | from_numpy_array, to_numpy_array
PIL.Image        | ANTIALIAS | Pillow 10.0 | Image.LANCZOS
ImageDraw        | textsize             | Pillow 10.0 | textbbox, textlength
FreeTypeFont     | getsize              | Pillow 10.0 | getbbox, getlength
"""

_MODULES = """
distutils        | python 3.12 | @setuptools
imp              | python 3.12 | importlib
asyncore asynchat smtpd | python 3.12 | asyncio, aiosmtpd
cgi cgitb        | python 3.13 | @package legacy-cgi
telnetlib        | python 3.13 | telnetlib3
pipes            | python 3.13 | @shlex
crypt            | python 3.13 | hashlib, bcrypt
audioop aifc sunau chunk sndhdr imghdr | python 3.13 | @own_package
nntplib msilib nis ossaudiodev spwd uu xdrlib mailcap | python 3.13 | @own_package
lib2to3          | python 3.13 | libcst
parser symbol formatter | python 3.10 | ast
binhex           | python 3.11 | base64
ConfigParser     | python 3.0  | configparser
Queue            | python 3.0  | queue
StringIO cStringIO | python 3.0 | io
urllib2 urlparse | python 3.0  | urllib.request, urllib.parse
cPickle          | python 3.0  | pickle
HTMLParser       | python 3.0  | html.parser
Tkinter tkMessageBox | python 3.0 | tkinter
commands         | python 3.0  | subprocess
httplib          | python 3.0  | http.client
cookielib Cookie | python 3.0  | http.cookiejar, http.cookies
SocketServer     | python 3.0  | socketserver
flask.ext        | Flask 1.0   | @extension
werkzeug.contrib | Werkzeug 1.0 | @cachelib
sklearn.externals.joblib | scikit-learn 0.23 | joblib
sklearn.cross_validation | scikit-learn 0.20 | sklearn.model_selection
django.core.urlresolvers | Django 2.0 | django.urls
django.utils.six | Django 3.0  | six
pandas.util.testing | pandas 2.0 | pandas.testing
openai.error     | openai 1.0  | openai
"""


def _table() -> dict[tuple[str, str], Gone]:
    gone: dict[tuple[str, str], Gone] = {}
    for row in _ROWS.strip().splitlines():
        module, names, since, instead = (cell.strip() for cell in row.split("|"))
        owner, version = since.split()
        for name in names.split():
            gone[module, name] = (owner, version, _instead(instead))
    for row in _MODULES.strip().splitlines():
        modules, since, instead = (cell.strip() for cell in row.split("|"))
        owner, version = since.split()
        for module in modules.split():
            gone[module, ""] = (owner, version, _instead(instead))
    return gone


def _instead(cell: str) -> Text:
    if not cell.startswith("@"):
        return cell
    key, _, name = cell[1:].partition(" ")
    return Message(f"renamed.{key}", (("name", name),) if name else ())


GONE: dict[tuple[str, str], Gone] = _table()
"""(module or type, name) → distribution, version, where it went. The name is "" for a module."""

DISTRIBUTIONS: dict[str, str] = {
    "yaml": "PyYAML",
    "PIL": "Pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "PyJWT",
    "Crypto": "pycryptodome",
    "serial": "pyserial",
    "usb": "pyusb",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2",
    "git": "GitPython",
    "github": "PyGithub",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "magic": "python-magic",
    "jose": "python-jose",
    "slugify": "python-slugify",
    "telegram": "python-telegram-bot",
    "discord": "discord.py",
    "OpenSSL": "pyOpenSSL",
    "attr": "attrs",
    "google.protobuf": "protobuf",
    "grpc": "grpcio",
    "zmq": "pyzmq",
    "nacl": "PyNaCl",
    "ldap": "python-ldap",
    "win32api": "pywin32",
    "pkg_resources": "setuptools",
    "setuptools": "setuptools",
    "distutils": "setuptools",
    "rest_framework": "djangorestframework",
    "corsheaders": "django-cors-headers",
    "environ": "django-environ",
    "flask_sqlalchemy": "Flask-SQLAlchemy",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "socks": "PySocks",
    "markdown": "Markdown",
    "lxml": "lxml",
}
"""Top-level modules whose distribution has another name."""
