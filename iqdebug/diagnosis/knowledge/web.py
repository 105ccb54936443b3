"""Exceptions of clients, servers and their services.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
requests.exceptions.ConnectionError ~ Name or service|getaddrinfo|resolve
The host's name could not be resolved.
Look at the address's spelling, and whether there is a network.

requests.exceptions.ConnectionError ~ refused
Nothing listens at that address.
Look at host and port, and whether the server is up.

requests.exceptions.ConnectionError
The server could not be reached, or broke the connection off.
Look at the innermost exception of the chain for the reason.

requests.exceptions.Timeout requests.exceptions.ConnectTimeout requests.exceptions.ReadTimeout
The server did not answer in the time allowed.
Look at which of the two times ran out, connecting or reading, and at the server's load.

requests.exceptions.SSLError
The server's certificate was not accepted, or encryption failed.
Look at the reason in the chain; a proxy may put in a certificate of its own.

requests.exceptions.HTTPError ~ ^4
The server refused the request.
Look at the answer's body, at the address, the credentials and what was sent.

requests.exceptions.HTTPError
The server failed at the request.
Look at the answer's body and at the server's log.

requests.exceptions.JSONDecodeError
The answer is not JSON.
Look at its status and text: it may be empty or an error page.

requests.exceptions.MissingSchema requests.exceptions.InvalidURL requests.exceptions.InvalidSchema
The address is not one that can be requested.
Look at its beginning: `https://` may be missing, or a variable be empty.

requests.exceptions.TooManyRedirects
The server sends the request round in a circle.
Look at cookies and credentials that get lost on the way.

requests.exceptions.ChunkedEncodingError
The answer broke off in the middle.
Look at the server or proxy, and try again.

requests.exceptions.ProxyError
The proxy could not be reached, or refused.
Look at the proxy variables of the environment.

requests.exceptions.RequestException
A request failed.
Look at the innermost exception of the chain.

urllib3.exceptions.MaxRetryError
All attempts to reach the server failed.
Look at the reason inside: it is that of the last attempt.

urllib3.exceptions.NewConnectionError
No connection could be made.
Look at host, port and network.

urllib3.exceptions.ProtocolError
The connection broke off in the middle of an exchange.
Look at the other side's log, and at connections kept too long.

urllib3.exceptions.HTTPError
Something failed between here and the server.
Look at the innermost exception of the chain.

httpx.ConnectError httpx.ConnectTimeout
No connection to the server could be made.
Look at host, port, name resolution and certificates.

httpx.ReadTimeout httpx.WriteTimeout httpx.TimeoutException
The server did not answer in the time allowed.
Look at the `timeout`, which is 5 seconds unless something else is said.

httpx.PoolTimeout
No connection of the pool became free in time.
Look for answers that are streamed and not closed, or raise the pool's limit.

httpx.HTTPStatusError
The server answered with an error, and `raise_for_status` turned it into this.
Look at the answer's body and status.

httpx.RemoteProtocolError
The server broke the connection off, or its answer is no HTTP.
Look at the server's log, and at connections kept too long.

httpx.UnsupportedProtocol httpx.InvalidURL
The address is not one that can be requested.
Look at its beginning, and at the client's `base_url`.

httpx.HTTPError
A request failed.
Look at the innermost exception of the chain.

aiohttp.client_exceptions.ClientConnectorError
No connection to the server could be made.
Look at host, port and name resolution.

aiohttp.client_exceptions.ServerDisconnectedError
The server closed the connection without an answer.
Look at connections kept too long, and at the server's log.

aiohttp.client_exceptions.ContentTypeError
The answer is not of the type that was to be read.
Look at its status and text: an error page is HTML.

aiohttp.client_exceptions.ClientError
A request failed.
Look at the innermost exception of the chain.

django.core.exceptions.ImproperlyConfigured ~ settings
Django was used before its settings were known.
Look at DJANGO_SETTINGS_MODULE, and whether `django.setup()` ran.

django.core.exceptions.ImproperlyConfigured
The project's configuration is not complete or contradicts itself.
Look at the setting or class that the message names.

django.core.exceptions.AppRegistryNotReady
Models were used before the applications were loaded.
Look for imports of models at the top of an application's `__init__`, or a missing `django.setup()`.

django.core.exceptions.ValidationError
A value does not pass the checks of a form or model.
Look at the fields and messages that it holds.

django.core.exceptions.SynchronousOnlyOperation
The database was used from asynchronous code.
Use the methods that begin with `a`, or `sync_to_async`.

django.core.exceptions.DisallowedHost
The request's host is not among those that are allowed.
Look at ALLOWED_HOSTS.

django.core.exceptions.PermissionDenied
The user may not do this.
Look at the permissions that the view asks for.

django.urls.exceptions.NoReverseMatch
No address has that name with these arguments.
Look at the name, its namespace, and at an argument that is empty.

django.template.exceptions.TemplateDoesNotExist
No folder of templates has that file.
Look at the name, at the folders that were tried, and at INSTALLED_APPS.

django.template.exceptions.TemplateSyntaxError
A template is not written correctly.
Look at the tag that the message names, and whether its library is loaded.

werkzeug.routing.exceptions.BuildError werkzeug.routing.BuildError
No endpoint has that name with these values.
Look at the endpoint's name, with its blueprint, and at values that are missing.

werkzeug.exceptions.BadRequestKeyError
A field that the view reads is not in the request.
Look at the form's field names, and at how the request was sent.

werkzeug.exceptions.NotFound
No route, or no row, fits the request.
Look at the path and at the routes.

werkzeug.exceptions.MethodNotAllowed
The route does not take this method.
Look at the route's `methods`.

werkzeug.exceptions.RequestEntityTooLarge
The request is larger than the application allows.
Look at MAX_CONTENT_LENGTH.

werkzeug.exceptions.UnsupportedMediaType
The request's body is not of the type that the view reads.
Look at its Content-Type.

werkzeug.exceptions.HTTPException
The view ended the request with an error status.
Look at who called `abort`.

RuntimeError ~ application context|request context
Something of Flask that belongs to a request or application was used outside of one.
Push `app.app_context()`, or pass the values to the thread or job that needs them.

jinja2.exceptions.UndefinedError
A template uses a name that it was not given.
Look at what is passed to `render`, and at the attribute before the one that fails.

jinja2.exceptions.TemplateNotFound
No loader has a template of that name.
Look at the name and at the loader's folders.

jinja2.exceptions.TemplateSyntaxError
A template is not written correctly.
Look at the line that it names.

redis.exceptions.ConnectionError
The Redis server could not be reached.
Look at host and port, and whether it is up.

botocore.exceptions.NoCredentialsError
No credentials for the service were found.
Look at environment, profile and role.

botocore.exceptions.ClientError
The service refused the request.
Look at the code in the message and at the permissions.

celery.exceptions.NotRegistered
The worker does not know the task.
Look at which modules the worker imports, and at the task's name.
"""
