"""Requests to the server: finding its model, counting tokens, streaming answers, and retries."""

from __future__ import annotations

import asyncio
import email.utils
import ipaddress
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from iqdebug.core.errors import ModelError, UsageError
from iqdebug.core.messages import Text, message
from iqdebug.llm.backends.api_keys import key_for
from iqdebug.llm.backends.http_bounds import MAX_STREAM, Endless, Unfinished, fetched, read_whole
from iqdebug.llm.backends.http_errors import explained, is_full, refused, server_message, stated_window
from iqdebug.llm.backends.openai_messages import at_most
from iqdebug.llm.backends.server_address import no_address, require_address
from iqdebug.llm.backends.server_kinds import ServerKind, count_request, counted, parameters_of, recognised
from iqdebug.llm.backends.sse import EventParser
from iqdebug.llm.untrusted_json import parsed, parsed_object, sound_text

__all__ = ["Server", "listed_models"]

_CONNECT_TIMEOUT = 5.0
_REQUEST_TIMEOUT = 20.0  # for requests that generate nothing
_MAX_CACHED_COUNTS = 5_000  # texts
_MAX_ATTEMPTS = 3
_MAX_RETRY_WAIT = 30.0  # seconds that a busy server may ask for


class Server:
    """:param setting: ``http(s)://host[:port]/v1``, with ``#MODEL`` where several are served.
    :param patience: seconds to wait for the next bytes of an answer.
    :raises UsageError: it is no such address.
    :raises ModelError: the key for it cannot be sent.

    ``window`` is what the server states, 0 if it does not.
    """

    def __init__(self, setting: str, patience: float) -> None:
        model = setting.partition("#")[2]
        address = require_address(setting)
        parts = urlsplit(address)
        try:
            httpx.URL(address)
        except httpx.InvalidURL:
            raise no_address(address) from None
        if parts.username is not None or parts.password is not None or parts.query:
            raise UsageError(
                message("llm.server.secret_in_address"),
                message("llm.server.secret_in_address.why"),
                message("llm.server.secret_in_address.fix"),
            )
        self.base = address.rstrip("/")
        self.model = sound_text(model)
        self.host = parts.hostname or ""
        self.here = _is_here(self.host)
        self.where: Text = message("llm.on_this_machine") if self.here else parts.netloc
        if not self.here and parts.scheme == "http":
            self.where = message("llm.server.not_encrypted", host=parts.netloc)
        self.key = key_for(address)
        self.kind = ServerKind("other")
        self.window = 0
        self.parameters = 0  # of the model, as far as is known
        self._root = self.base.removesuffix("/v1")
        self._patience = httpx.Timeout(patience, connect=_CONNECT_TIMEOUT)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._begins = 0
        self._usage_told = True  # False: it refuses stream_options
        self._fills = True  # False: it refuses a suffix
        self._client = httpx.AsyncClient(
            headers={"authorization": f"Bearer {self.key.secret}"} if self.key is not None else {},
            timeout=httpx.Timeout(_REQUEST_TIMEOUT, connect=_CONNECT_TIMEOUT),
            trust_env=not self.here,  # a proxy has no business between us and this machine
            follow_redirects=False,  # the key and the evidence are for this host alone
        )

    async def reach(self) -> None:
        """Find the model and the kind of server.

        :raises ModelError: it is down, refuses, is no such server, or serves several models.
        """
        try:
            answer = await fetched(self._client, "GET", f"{self.base}/models", seconds=_REQUEST_TIMEOUT)
        except httpx.HTTPError as error:
            raise explained(error, self.base, self.key) from error
        if answer.status_code != 200:
            raise self._refused(answer, answer.text)
        rows = listed_models(answer)
        if rows is None:
            raise ModelError(
                message("llm.server.other_kind", server=self.base),
                message("llm.server.other_kind.why"),
                message("llm.server.address_rule"),
            )
        names = [str(row.get("id", "")) for row in rows]
        if not self.model and len(names) > 1:
            fix = message("llm.server.several.fix", server=self.base, model=names[0])
            raise ModelError(message("llm.server.several", server=self.base), ", ".join(names[:8]), fix)
        if self.model and names and self.model not in names:
            raise ModelError(
                message("llm.server.other_models", server=self.base, model=self.model),
                message("llm.server.other_models.why", names=names[:8]),
            )
        self.model = self.model or (names[0] if names else "")
        self.kind = await recognised(self._client, self._root, rows, self.model)
        self.window = self.kind.window
        self.parameters = parameters_of(rows, self.model)
        if self.kind.kind == "llama-cpp-python":
            self._begins = await self.count("")  # it counts the token that begins a text, each time

    async def close(self) -> None:
        with suppress(Exception):
            await self._client.aclose()

    async def count(self, text: str, seconds: float = _REQUEST_TIMEOUT) -> int:
        """Tokens by the server's tokenizer; an upper bound if it has none or does not answer in time."""
        tokens = self._counts.get(text)
        if tokens is not None:
            self._counts.move_to_end(text)
            return tokens
        if not self.kind.counts:
            return at_most(text)
        path, body = count_request(self.kind.kind, self.model, text)
        try:
            answer = await fetched(self._client, "POST", f"{self._root}{path}", body, seconds=seconds)
            tokens = counted(parsed(answer.text)) if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            tokens = None
        if tokens is None:
            return at_most(text)
        tokens = max(tokens - self._begins, 0)
        self._counts[text] = tokens
        while len(self._counts) > _MAX_CACHED_COUNTS:
            self._counts.popitem(last=False)
        return tokens

    async def events(self, body: dict[str, object]) -> AsyncGenerator[str, None]:
        """The answer to a chat, event by event; one event where it does not stream. A server that is busy
        is asked again, three times in all, after the time it names.

        :raises ModelError: it is down, refuses, or hangs up before the end.
        """
        attempt = 0
        while True:
            attempt += 1
            sent = body | ({"stream_options": {"include_usage": True}} if self._usage_told else {})
            try:
                answer = await self._chat(sent)
                try:
                    if answer.status_code == 200:
                        silent = True
                        try:
                            async for data in self._read(answer):
                                silent = False
                                yield data
                        except httpx.TransportError:
                            if silent:
                                await self._ask_why(sent)
                            raise
                        return
                    text = (await read_whole(answer)).decode("utf-8", "replace")
                finally:
                    await answer.aclose()
            except (httpx.HTTPError, httpx.StreamError, ValueError) as error:
                raise explained(error, self.base, self.key) from error
            if self._usage_told and answer.status_code in (400, 422) and "stream_options" in text:
                self._usage_told = False
                continue
            wait = _wait_of(answer, attempt)
            if answer.status_code not in (429, 503) or attempt == _MAX_ATTEMPTS or wait > _MAX_RETRY_WAIT:
                raise self._refused(answer, text, attempt)
            await asyncio.sleep(wait)

    async def _read(self, answer: httpx.Response) -> AsyncGenerator[str, None]:
        if answer.headers.get("content-type", "").startswith("application/json"):
            yield (await read_whole(answer)).decode("utf-8", "replace")
            return
        parser = EventParser()
        ended = False
        length = 0
        async for chunk in answer.aiter_bytes():
            length += len(chunk)
            if length > MAX_STREAM:
                raise Endless(message("llm.server.bytes", count=f"{MAX_STREAM:,}"))
            for data in parser.feed(chunk):
                ended = ended or _ends(data)
                yield data
            if parser.ended:
                return
        for data in parser.finish():
            ended = ended or _ends(data)
            yield data
        if not (ended or parser.ended):
            raise Unfinished("")

    async def _ask_why(self, body: dict[str, object]) -> None:
        """Repeat a request without streaming: llama-cpp-python's server gives no reason in a stream.

        :raises ModelError: what it answered then.
        """
        if self.kind.kind != "llama-cpp-python":
            return
        short = {k: v for k, v in body.items() if k != "stream_options"} | {"stream": False, "max_tokens": 1}
        answer = await self._chat(short)
        try:
            text = (await read_whole(answer)).decode("utf-8", "replace")
        finally:
            await answer.aclose()
        if answer.status_code != 200:
            raise self._refused(answer, text)

    async def _chat(self, body: dict[str, object]) -> httpx.Response:
        """Send a chat request; returns when the answer begins. Tried a second time if the server has closed
        the kept-alive connection."""
        try:
            return await self._sent(body)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return await self._sent(body)

    async def _sent(self, body: dict[str, object]) -> httpx.Response:
        url = f"{self.base}/chat/completions"
        request = self._client.build_request("POST", url, json=body, timeout=self._patience)
        return await self._client.send(request, stream=True)

    async def ask(self, body: dict[str, object]) -> dict[str, object]:
        """A chat without streaming; {} if it fails."""
        try:
            url, patience = f"{self.base}/chat/completions", self._patience.read or _REQUEST_TIMEOUT
            answer = await fetched(self._client, "POST", url, body | {"stream": False}, seconds=patience)
            reply = parsed(answer.text) if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError):
            return {}
        return reply if isinstance(reply, dict) else {}

    async def complete(self, prefix: str, suffix: str, max_tokens: int, temperature: float) -> str:
        """What may stand between the two. llama-server fills in by ``/infill``, others by the ``suffix`` of
        ``/v1/completions``; the suffix is left out where a model cannot, and for vLLM, SGLang and
        llama-cpp-python's server, which refuse, ignore or repeat it.

        :raises ModelError: it is down, refuses, or answers what nobody understands.
        """
        fills = self.kind.kind in ("llama-server", "other")
        if suffix and fills and self._fills:
            path, body = "/completions", {"prompt": prefix, "suffix": suffix, "max_tokens": max_tokens}
            base = self.base
            if self.kind.kind == "llama-server":
                path, base = "/infill", self._root
                body = {"input_prefix": prefix, "input_suffix": suffix, "n_predict": max_tokens}
            answer = await self._posted(f"{base}{path}", body | {"temperature": temperature})
            if answer.status_code == 200:
                return self._text_of(answer)
            if answer.status_code not in (400, 404, 422, 500, 501):
                raise self._refused(answer, answer.text)
            self._fills = False
        body = {"prompt": prefix, "max_tokens": max_tokens, "temperature": temperature}
        answer = await self._posted(f"{self.base}/completions", body)
        if answer.status_code != 200:
            raise self._refused(answer, answer.text)
        return self._text_of(answer)

    async def _posted(self, url: str, body: dict[str, object]) -> httpx.Response:
        try:
            return await fetched(self._client, "POST", url, {"model": self.model} | body, seconds=60.0)
        except (httpx.HTTPError, ValueError) as error:
            raise explained(error, self.base, self.key) from error

    def _text_of(self, answer: httpx.Response) -> str:
        with suppress(ValueError, KeyError, IndexError, TypeError):
            completion = parsed_object(answer.text)
            return str(completion["content"] if "content" in completion else completion["choices"][0]["text"])
        raise ModelError(
            message("llm.server.not_understood", server=self.base), server_message(answer.text, self.key)
        )

    def _refused(self, answer: httpx.Response, text: str, attempts: int = 1) -> ModelError:
        if is_full(answer.status_code, text) and (limit := stated_window(text)):
            self.window = min(limit, self.window or limit)
        location = answer.headers.get("location", "")
        return refused(answer.status_code, text, self.base, self.key, location, attempts)


def _ends(data: str) -> bool:
    if '"finish_reason"' not in data:
        return False
    with suppress(ValueError, TypeError, AttributeError):
        choices = parsed_object(data).get("choices") or ()
        return any(isinstance(choice.get("finish_reason"), str) for choice in choices)
    return False


def listed_models(answer: httpx.Response) -> list[dict[str, object]] | None:
    """The rows of ``/v1/models``; None where the answer is none of OpenAI's protocol."""
    try:
        listing = parsed(answer.text)
    except ValueError:
        return None
    rows = listing.get("data") if isinstance(listing, dict) else None
    return [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else None


def _wait_of(answer: httpx.Response, attempt: int) -> float:
    """Seconds to wait: from the header, which has seconds or a date; else twice as long each time."""
    stated = answer.headers.get("retry-after", "").strip()
    if stated.isascii() and stated.isdecimal():
        return float(stated)
    with suppress(ValueError, TypeError):
        return max(email.utils.parsedate_to_datetime(stated).timestamp() - time.time(), 0.0)
    return 2.0 ** (attempt - 1)


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
