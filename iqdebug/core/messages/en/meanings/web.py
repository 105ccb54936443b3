"""Exceptions of clients, servers and their services. What they mean, and what to look at."""

from __future__ import annotations

__all__ = ["BLOCKS"]

BLOCKS = r"""
connection_error.name_or_service
The host's name could not be resolved.
Look at the address's spelling, and whether there is a network.

connection_error.refused
Nothing listens at that address.
Look at host and port, and whether the server is up.

connection_error
The server could not be reached, or broke the connection off.
Look at the innermost exception of the chain for the reason.

requests_timeout
The server did not answer in the time allowed.
Look at which of the two times ran out, connecting or reading, and at the server's load.

requests_ssl_error
The server's certificate was not accepted, or encryption failed.
Look at the reason in the chain; a proxy may put in a certificate of its own.

http_error.other
The server refused the request.
Look at the answer's body, at the address, the credentials and what was sent.

requests_http_error
The server failed at the request.
Look at the answer's body and at the server's log.

requests_json_decode_error
The answer is not JSON.
Look at its status and text: it may be empty or an error page.

missing_schema
The address is not one that can be requested.
Look at its beginning: `https://` may be missing, or a variable be empty.

too_many_redirects
The server sends the request round in a circle.
Look at cookies and credentials that get lost on the way.

chunked_encoding_error
The answer broke off in the middle.
Look at the server or proxy, and try again.

proxy_error
The proxy could not be reached, or refused.
Look at the proxy variables of the environment.

request_exception
A request failed.
Look at the innermost exception of the chain.

max_retry_error
All attempts to reach the server failed.
Look at the reason inside: it is that of the last attempt.

new_connection_error
No connection could be made.
Look at host, port and network.

protocol_error
The connection broke off in the middle of an exchange.
Look at the other side's log, and at connections kept too long.

urllib3_http_error
Something failed between here and the server.
Look at the innermost exception of the chain.

connect_error
No connection to the server could be made.
Look at host, port, name resolution and certificates.

read_timeout
The server did not answer in the time allowed.
Look at the `timeout`, which is 5 seconds unless something else is said.

pool_timeout
No connection of the pool became free in time.
Look for answers that are streamed and not closed, or raise the pool's limit.

http_status_error
The server answered with an error, and `raise_for_status` turned it into this.
Look at the answer's body and status.

remote_protocol_error
The server broke the connection off, or its answer is no HTTP.
Look at the server's log, and at connections kept too long.

unsupported_protocol
The address is not one that can be requested.
Look at its beginning, and at the client's `base_url`.

httpx_http_error
A request failed.
Look at the innermost exception of the chain.

client_connector_error
No connection to the server could be made.
Look at host, port and name resolution.

server_disconnected_error
The server closed the connection without an answer.
Look at connections kept too long, and at the server's log.

content_type_error
The answer is not of the type that was to be read.
Look at its status and text: an error page is HTML.

client_error
A request failed.
Look at the innermost exception of the chain.

improperly_configured.settings
Django was used before its settings were known.
Look at DJANGO_SETTINGS_MODULE, and whether `django.setup()` ran.

improperly_configured
The project's configuration is not complete or contradicts itself.
Look at the setting or class that the message names.

app_registry_not_ready
Models were used before the applications were loaded.
Look for imports of models at the top of an application's `__init__`, or a missing `django.setup()`.

validation_error
A value does not pass the checks of a form or model.
Look at the fields and messages that it holds.

synchronous_only_operation
The database was used from asynchronous code.
Use the methods that begin with `a`, or `sync_to_async`.

disallowed_host
The request's host is not among those that are allowed.
Look at ALLOWED_HOSTS.

permission_denied
The user may not do this.
Look at the permissions that the view asks for.

no_reverse_match
No address has that name with these arguments.
Look at the name, its namespace, and at an argument that is empty.

template_does_not_exist
No folder of templates has that file.
Look at the name, at the folders that were tried, and at INSTALLED_APPS.

template_syntax_error
A template is not written correctly.
Look at the tag that the message names, and whether its library is loaded.

build_error
No endpoint has that name with these values.
Look at the endpoint's name, with its blueprint, and at values that are missing.

bad_request_key_error
A field that the view reads is not in the request.
Look at the form's field names, and at how the request was sent.

not_found
No route, or no row, fits the request.
Look at the path and at the routes.

method_not_allowed
The route does not take this method.
Look at the route's `methods`.

request_entity_too_large
The request is larger than the application allows.
Look at MAX_CONTENT_LENGTH.

unsupported_media_type
The request's body is not of the type that the view reads.
Look at its Content-Type.

http_exception
The view ended the request with an error status.
Look at who called `abort`.

runtime_error.application_context
Something of Flask that belongs to a request or application was used outside of one.
Push `app.app_context()`, or pass the values to the thread or job that needs them.

undefined_error
A template uses a name that it was not given.
Look at what is passed to `render`, and at the attribute before the one that fails.

template_not_found
No loader has a template of that name.
Look at the name and at the loader's folders.

jinja2_template_syntax_error
A template is not written correctly.
Look at the line that it names.

redis_connection_error
The Redis server could not be reached.
Look at host and port, and whether it is up.

no_credentials_error
No credentials for the service were found.
Look at environment, profile and role.

botocore_client_error
The service refused the request.
Look at the code in the message and at the permissions.

not_registered
The worker does not know the task.
Look at which modules the worker imports, and at the task's name.
"""
