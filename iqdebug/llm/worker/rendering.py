"""``python -m iqdebug.llm.worker.rendering FD``: renders one chat template, in a process that may be lost.

A template comes with a model's file and is a program: Jinja's sandbox keeps it from the machine, but not
from computing for ever. So this process is bounded by the kernel in processor time and memory, and nothing
but the template is in it. It serves the socket that is inherited as the file descriptor: each message is a
length (little-endian, 4 bytes) and msgpack, each request has one answer.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import resource
import signal
import socket
import struct
import sys
from typing import TYPE_CHECKING

import msgspec

from iqdebug.core.messages import Text, message

if TYPE_CHECKING:  # an optional package, imported when the first template comes
    import jinja2
    import jinja2.ext
    import jinja2.nodes
    import jinja2.parser
    import jinja2.sandbox

__all__ = ["LENGTH", "MAX_CPU_SECONDS", "MAX_MESSAGE", "Rendered", "main"]

LENGTH = struct.Struct("<I")
MAX_MESSAGE = 32 * 2**20
"""Bytes of a request or an answer."""
MAX_CPU_SECONDS = 1.0
"""Of processor time for one rendering. A template renders a long conversation in some milliseconds."""
_MAX_MEMORY = 2**30
_MAX_RENDERED = 16 * 2**20  # characters


class Rendered(msgspec.Struct, frozen=True):
    """:param error: what went wrong, "" if nothing did.
    :param missing: Jinja is not installed.
    """

    text: str = ""
    error: Text = ""
    missing: bool = False


def main(descriptor: int) -> int:
    for limit, most in ((resource.RLIMIT_AS, _MAX_MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # it is lower already
            resource.setrlimit(limit, (most, most))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # which ends the process, in the middle of C code too
    with socket.socket(fileno=descriptor) as end, end.makefile("rwb") as stream:
        template: jinja2.Template | None = None
        while len(head := stream.read(LENGTH.size)) == LENGTH.size:
            request = msgspec.msgpack.decode(stream.read(LENGTH.unpack(head)[0]))
            signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
            if "source" in request:
                template, answer = _compiled(request["source"])
            else:
                answer = (
                    _rendered(template, request)
                    if template
                    else Rendered(error=message("llm.template.not_there"))
                )
            data = msgspec.msgpack.encode(answer)
            signal.setitimer(signal.ITIMER_PROF, 0)
            stream.write(LENGTH.pack(len(data)) + data)
            stream.flush()
    return 0


def _rendered(template: jinja2.Template, given: dict[str, object]) -> Rendered:
    try:
        text = str(template.render(**given))
    except MemoryError:
        return Rendered(error=message("llm.template.too_much_memory"))
    except Exception as error:  # whatever the template's own code meets
        return Rendered(error=_words(error))
    if len(text) > _MAX_RENDERED:
        return Rendered(error=message("llm.template.too_long", count=f"{len(text):,}"))
    return Rendered(_encodable(text))


def _compiled(source: str) -> tuple[jinja2.Template | None, Rendered]:
    try:
        import jinja2
        import jinja2.ext
        import jinja2.sandbox
    except ImportError:
        return None, Rendered(missing=True)

    class Generation(jinja2.ext.Extension):
        """``{% generation %}`` marks the model's words for training; here it does nothing."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(words: str) -> None:
        raise jinja2.TemplateError(words)

    def tojson(value: object, indent: int | None = None, **others: object) -> str:
        return json.dumps(value, ensure_ascii=False, indent=indent)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    try:
        return environment.from_string(source), Rendered()
    except MemoryError:
        return None, Rendered(error=message("llm.template.too_much_memory"))
    except Exception as error:  # the parser itself may meet its limits
        return None, Rendered(error=_words(error))


def _words(error: Exception) -> str:
    try:
        return _encodable(f"{type(error).__name__}: {error}"[:2000])
    except Exception:
        return type(error).__name__


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
