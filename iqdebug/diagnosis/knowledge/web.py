"""Exceptions of clients, servers and their services.

The form is described in :mod:`iqdebug.diagnosis.knowledge`.
"""

from __future__ import annotations

__all__ = ["ENTRIES"]

ENTRIES = r"""
connection_error.name_or_service
    requests.exceptions.ConnectionError ~ Name or service|getaddrinfo|resolve
connection_error.refused
    requests.exceptions.ConnectionError ~ refused
connection_error
    requests.exceptions.ConnectionError
requests_timeout
    requests.exceptions.Timeout requests.exceptions.ConnectTimeout requests.exceptions.ReadTimeout
requests_ssl_error
    requests.exceptions.SSLError
http_error.other
    requests.exceptions.HTTPError ~ ^4
requests_http_error
    requests.exceptions.HTTPError
requests_json_decode_error
    requests.exceptions.JSONDecodeError
missing_schema
    requests.exceptions.MissingSchema requests.exceptions.InvalidURL requests.exceptions.InvalidSchema
too_many_redirects
    requests.exceptions.TooManyRedirects
chunked_encoding_error
    requests.exceptions.ChunkedEncodingError
proxy_error
    requests.exceptions.ProxyError
request_exception
    requests.exceptions.RequestException
max_retry_error
    urllib3.exceptions.MaxRetryError
new_connection_error
    urllib3.exceptions.NewConnectionError
protocol_error
    urllib3.exceptions.ProtocolError
urllib3_http_error
    urllib3.exceptions.HTTPError
connect_error
    httpx.ConnectError httpx.ConnectTimeout
read_timeout
    httpx.ReadTimeout httpx.WriteTimeout httpx.TimeoutException
pool_timeout
    httpx.PoolTimeout
http_status_error
    httpx.HTTPStatusError
remote_protocol_error
    httpx.RemoteProtocolError
unsupported_protocol
    httpx.UnsupportedProtocol httpx.InvalidURL
httpx_http_error
    httpx.HTTPError
client_connector_error
    aiohttp.client_exceptions.ClientConnectorError
server_disconnected_error
    aiohttp.client_exceptions.ServerDisconnectedError
content_type_error
    aiohttp.client_exceptions.ContentTypeError
client_error
    aiohttp.client_exceptions.ClientError
improperly_configured.settings
    django.core.exceptions.ImproperlyConfigured ~ settings
improperly_configured
    django.core.exceptions.ImproperlyConfigured
app_registry_not_ready
    django.core.exceptions.AppRegistryNotReady
validation_error
    django.core.exceptions.ValidationError
synchronous_only_operation
    django.core.exceptions.SynchronousOnlyOperation
disallowed_host
    django.core.exceptions.DisallowedHost
permission_denied
    django.core.exceptions.PermissionDenied
no_reverse_match
    django.urls.exceptions.NoReverseMatch
template_does_not_exist
    django.template.exceptions.TemplateDoesNotExist
template_syntax_error
    django.template.exceptions.TemplateSyntaxError
build_error
    werkzeug.routing.exceptions.BuildError werkzeug.routing.BuildError
bad_request_key_error
    werkzeug.exceptions.BadRequestKeyError
not_found
    werkzeug.exceptions.NotFound
method_not_allowed
    werkzeug.exceptions.MethodNotAllowed
request_entity_too_large
    werkzeug.exceptions.RequestEntityTooLarge
unsupported_media_type
    werkzeug.exceptions.UnsupportedMediaType
http_exception
    werkzeug.exceptions.HTTPException
runtime_error.application_context
    RuntimeError ~ application context|request context
undefined_error
    jinja2.exceptions.UndefinedError
template_not_found
    jinja2.exceptions.TemplateNotFound
jinja2_template_syntax_error
    jinja2.exceptions.TemplateSyntaxError
redis_connection_error
    redis.exceptions.ConnectionError
no_credentials_error
    botocore.exceptions.NoCredentialsError
botocore_client_error
    botocore.exceptions.ClientError
not_registered
    celery.exceptions.NotRegistered
"""
