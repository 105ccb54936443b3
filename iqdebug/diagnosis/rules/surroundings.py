"""What differs around the program: its environment, its folder, the encodings of its files."""

from __future__ import annotations

import ast
import os.path
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import Message, message
from iqdebug.core.state import Anomaly, Variable
from iqdebug.diagnosis.rules.context import CrashContext
from iqdebug.diagnosis.rules.literals import Text, quoted, text_of
from iqdebug.diagnosis.rules.similar_names import near_name
from iqdebug.diagnosis.source.functions import unparsed

__all__ = ["environment_variable", "missing_file", "undecodable"]


def environment_variable(context: CrashContext) -> Iterator[Anomaly]:
    """A variable that this environment does not have; another one of nearly that name, where there
    is one."""
    at = context.own
    if at is None or context.kind != "KeyError":
        return
    first = context.frames[context.code[0]]
    through_os = re.search(r"(?:^|[/\\])os\.py$", first.path) or first.path == "<frozen os>"
    if not through_os or first.name.rsplit(".", 1)[-1] not in ("__getitem__", "__delitem__", "getenv"):
        return
    name = quoted(context.message.strip())
    if not isinstance(name, str) or name in context.facts.environ:
        return
    near = near_name(name, context.facts.environ)
    other = None
    if near is not None:
        other = message("anomaly.environment.other", near=near.name, difference=near.difference)
    text = message("anomaly.environment", name=name, other=other)
    yield context.anomaly(AnomalyKind.ENVIRONMENT, text, at, 0.9)


_NO_FILE = re.compile(r"\[Errno 2\][^:]*: (.+)$", re.DOTALL)


def missing_file(context: CrashContext) -> Iterator[Anomaly]:
    """A path that does not lead to a file: because it is relative and the program was started from
    elsewhere, has white space at its end, ``~`` or a placeholder that nothing replaced, or a
    separator of another system."""
    at = context.user if context.user is not None else context.own
    missing = _NO_FILE.search(context.message)
    if at is None or missing is None or context.kind not in ("FileNotFoundError", "OSError"):
        return
    shown = missing[1].split(" -> ")[0]
    path = quoted(shown)
    if isinstance(path, bytes):
        path = path.decode("utf-8", "replace")
    if not isinstance(path, str) or not path:
        if path == "":
            yield context.anomaly(AnomalyKind.PATH, message("anomaly.path.empty"), at, 0.9)
        return
    value = _holding(context, at, path)
    if path != path.strip():
        text = message("anomaly.path.white_space", path=shown[:80])
        yield context.anomaly(AnomalyKind.PATH, text, at, 0.9, value)
    elif path.startswith("~"):
        text = message("anomaly.path.home", path=shown[:80])
        yield context.anomaly(AnomalyKind.PATH, text, at, 0.9, value)
    elif re.search(r"\{\w*\}|\$\{?[A-Za-z_]\w*", path):
        text = message("anomaly.path.placeholder", path=shown[:80])
        yield context.anomaly(AnomalyKind.PATH, text, at, 0.6, value)
    elif not os.path.isabs(path) and not re.match(r"[A-Za-z]:[\\/]", path):
        yield from _relative(context, at, path, value)


def _relative(context: CrashContext, at: int, path: str, value: Variable | None) -> Iterator[Anomaly]:
    exists, cwd = context.facts.path_exists, context.facts.cwd
    folders = dict.fromkeys(
        os.path.dirname(f.path) for f in context.frames if f.kind == "user" and os.path.isabs(f.path)
    )
    if context.facts.argv:
        folders[os.path.dirname(os.path.join(cwd, context.facts.argv[0]))] = None
    for folder in list(folders)[:12]:
        if folder and folder != cwd and exists(os.path.join(folder, path)):
            text = message(
                "anomaly.relative_path",
                path=repr(path[:80]),
                folder=cwd or message("anomaly.current_folder"),
                beside=folder,
            )
            yield context.anomaly(AnomalyKind.RELATIVE_PATH, text, at, 0.9, value)
            return
    if "\\" in path and exists(os.path.join(cwd, path.replace("\\", "/"))):
        text = message("anomaly.path.backslashes", path=repr(path[:80]))
        yield context.anomaly(AnomalyKind.PATH, text, at, 0.9, value)


def _holding(context: CrashContext, at: int, path: str) -> Variable | None:
    for node in context.expressions(at):
        value = (
            context.value(at, node) if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) else None
        )
        text = text_of(value)
        if text is not None and text.start == path:
            return value
    return None


_DECODE = re.compile(
    r"'([\w-]+)' codec can't decode bytes? (?:0x([0-9a-f]{2}) )?in position (\d+)(?:-\d+)?: (.*)$", re.DOTALL
)
_ENCODE = re.compile(r"'([\w-]+)' codec can't encode characters? (?:'(.*?)' )?in position (\d+)(?:-\d+)?: ")


def undecodable(context: CrashContext) -> Iterator[Anomaly]:
    """The byte that does not fit its encoding tells which encoding was meant: marks at the start of
    UTF-16 or of compressed files, the letters and typographic signs of Latin encodings, or UTF-8
    read as ASCII, as happens where the locale is C."""
    at = context.user if context.user is not None else context.own
    if at is None:
        return
    decode, encode = _DECODE.search(context.message), _ENCODE.search(context.message)
    if decode is not None and context.kind == "UnicodeDecodeError":
        value, data = _bytes_near(context)
        place = int(decode[3])
        byte = int(decode[2], 16) if decode[2] else None
        guess = _guess(decode[1], byte, place, decode[4], data)
        if decode[2]:
            which = message("anomaly.encoding.byte", byte=f"0x{decode[2]}")
        else:
            which = message("anomaly.encoding.bytes")
        text = message(
            "anomaly.encoding.decode",
            which=which,
            position=place,
            encoding=decode[1],
            around=_around(data, place),
            guess=guess,
            opened=_without_encoding(context, at),
        )
        yield context.anomaly(AnomalyKind.ENCODING, text, at, 0.9 if guess is not None else 0.6, value)
    elif encode is not None and context.kind == "UnicodeEncodeError":
        letter = encode[2] or ""
        if re.fullmatch(r"\\ud[c-f][0-9a-f]{2}", letter):
            reason = message("anomaly.encoding.surrogate")
        elif encode[1] in ("ascii", "latin-1", "charmap") or encode[1].startswith("cp"):
            reason = message("anomaly.encoding.output")
        else:
            reason = message("anomaly.encoding.half_pair")
        text = message(
            "anomaly.encoding.encode",
            letter=letter,
            position=encode[3],
            encoding=encode[1],
            reason=reason,
        )
        yield context.anomaly(AnomalyKind.ENCODING, text, at, 0.6)


def _bytes_near(context: CrashContext) -> tuple[Variable | None, Text | None]:
    """The bytes that were being decoded, where the innermost frames hold just one such value."""
    for at in context.code[:3]:
        values = [v for v in context.frames[at].locals or () if v.type == "bytes" and text_of(v) is not None]
        if len(values) == 1:
            return values[0], text_of(values[0])
    return None, None


def _guess(codec: str, byte: int | None, place: int, why: str, data: Text | None) -> Message | None:
    """What the bytes are instead.

    :param why: the codec's own words.
    """
    head = data.start[:4] if data is not None else ""
    if head.startswith("\x1f\x8b") or (byte == 0x8B and place == 1):
        return message("encoding_guess.gzip")
    if head.startswith(("\xff\xfe", "\xfe\xff")) or (byte in (0xFF, 0xFE) and place == 0):
        return message("encoding_guess.utf_16")
    if head.startswith("\x89PNG") or (byte == 0x89 and place == 0):
        return message("encoding_guess.picture")
    if head.startswith(("PK\x03\x04", "%PDF")):
        return message("encoding_guess.archive")
    if byte is None:
        return None
    if codec == "ascii":
        if 0xC2 <= byte <= 0xF4:
            return message("encoding_guess.utf_8")
        return message("encoding_guess.latin")
    if codec.replace("_", "-").lower() in ("utf-8", "utf8"):
        if 0x80 <= byte <= 0x9F and "start byte" in why:
            letter = bytes([byte]).decode("cp1252", "replace")
            return message("encoding_guess.windows", letter=repr(letter))
        if byte >= 0xA0 and ("start byte" in why or "continuation" in why or "end of data" in why):
            return message("encoding_guess.latin_letter", letter=repr(chr(byte)))
    return None


def _around(data: Text | None, place: int) -> Message | None:
    if data is None or place >= len(data.start):
        return None
    shown = data.start[max(place - 12, 0) : place + 8].encode("latin-1")
    return message("anomaly.encoding.around", bytes=repr(shown))


def _without_encoding(context: CrashContext, at: int) -> Message | None:
    """The line above, in the same function, that opens the file without naming an encoding."""
    tree = context.function(at).tree
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Call) or node.lineno > context.frames[at].line:
            continue
        name = unparsed(node.func).rsplit(".", 1)[-1]
        binary = any("b" in str(a.value) for a in node.args[1:2] if isinstance(a, ast.Constant))
        if (
            name in ("open", "read_text")
            and not binary
            and not any(k.arg == "encoding" for k in node.keywords)
        ):
            return message("anomaly.encoding.not_named", line=node.lineno)
    return None
