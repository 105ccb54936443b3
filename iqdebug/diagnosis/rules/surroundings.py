"""What differs around the program: its environment, its folder, the encodings of its files."""

from __future__ import annotations

import ast
import os.path
import re
from collections.abc import Iterator

from iqdebug.core.evidence import AnomalyKind
from iqdebug.core.messages import render
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
    but = f", but `{near.name}` is ({render(near.difference)})" if near is not None else ""
    yield context.anomaly(
        AnomalyKind.ENVIRONMENT, f"the environment variable `{name}` is not set{but}", at, 0.9
    )


_NO_FILE = re.compile(r"\[Errno 2\][^:]*: (.+)$", re.DOTALL)


def missing_file(context: CrashContext) -> Iterator[Anomaly]:
    """A path that does not lead to a file: because it is relative and the program was started from
    elsewhere, has white space at its end, ``~`` or a placeholder that nothing replaced, or a
    separator of another system."""
    at = context.user if context.user is not None else context.own
    said = _NO_FILE.search(context.message)
    if at is None or said is None or context.kind not in ("FileNotFoundError", "OSError"):
        return
    shown = said[1].split(" -> ")[0]
    path = quoted(shown)
    if isinstance(path, bytes):
        path = path.decode("utf-8", "replace")
    if not isinstance(path, str) or not path:
        if path == "":
            yield context.anomaly(AnomalyKind.PATH, "the path is empty", at, 0.9)
        return
    value = _holding(context, at, path)
    if path != path.strip():
        text = f"the path {shown[:80]} has white space at its ends, as a line read from a file has"
        yield context.anomaly(AnomalyKind.PATH, text, at, 0.9, value)
    elif path.startswith("~"):
        text = f"`~` in {shown[:80]} is not replaced: only a shell does that, or `expanduser`"
        yield context.anomaly(AnomalyKind.PATH, text, at, 0.9, value)
    elif re.search(r"\{\w*\}|\$\{?[A-Za-z_]\w*", path):
        text = f"the path {shown[:80]} has a placeholder that nothing has replaced"
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
            sought = f"{path[:80]!r} is looked for in {cwd or 'the current folder'}"
            text = f"{sought}, and is in {folder}, beside the code"
            yield context.anomaly(AnomalyKind.RELATIVE_PATH, text, at, 0.9, value)
            return
    if "\\" in path and exists(os.path.join(cwd, path.replace("\\", "/"))):
        text = f"{path[:80]!r} is written with backslashes; with `/` it is there"
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
        which = f"byte 0x{decode[2]}" if decode[2] else "the bytes"
        around = _around(data, place)
        text = f"{which} at position {place} is no {decode[1]}{around}{guess}{_without_encoding(context, at)}"
        yield context.anomaly(AnomalyKind.ENCODING, text, at, 0.9 if guess else 0.6, value)
    elif encode is not None and context.kind == "UnicodeEncodeError":
        letter = encode[2] or ""
        if re.fullmatch(r"\\ud[c-f][0-9a-f]{2}", letter):
            words = "it stands for a byte of a file name or argument that could not be decoded"
        elif encode[1] in ("ascii", "latin-1", "charmap") or encode[1].startswith("cp"):
            words = "the output's encoding cannot write it: the locale, or a missing `encoding='utf-8'`"
        else:
            words = "it is half of a pair that JSON or JavaScript wrote apart"
        text = f"the character '{letter}' at position {encode[3]} is not in {encode[1]}: {words}"
        yield context.anomaly(AnomalyKind.ENCODING, text, at, 0.6)


def _bytes_near(context: CrashContext) -> tuple[Variable | None, Text | None]:
    """The bytes that were being decoded, where the innermost frames hold just one such value."""
    for at in context.code[:3]:
        found = [v for v in context.frames[at].locals or () if v.type == "bytes" and text_of(v) is not None]
        if len(found) == 1:
            return found[0], text_of(found[0])
    return None, None


def _guess(codec: str, byte: int | None, place: int, why: str, data: Text | None) -> str:
    head = data.start[:4] if data is not None else ""
    if head.startswith("\x1f\x8b") or (byte == 0x8B and place == 1):
        return ": gzip data, which is to be decompressed first"
    if head.startswith(("\xff\xfe", "\xfe\xff")) or (byte in (0xFF, 0xFE) and place == 0):
        return ": UTF-16 begins like this"
    if head.startswith("\x89PNG") or (byte == 0x89 and place == 0):
        return ": a picture, not text"
    if head.startswith(("PK\x03\x04", "%PDF")):
        return ": a zip file (as .docx and .xlsx are) or PDF, not text"
    if byte is None:
        return ""
    if codec == "ascii":
        if 0xC2 <= byte <= 0xF4:
            return ": UTF-8 has such bytes; the locale or an `encoding` says ascii"
        return ": Latin-1 and Windows-1252 have such bytes"
    if codec.replace("_", "-").lower() in ("utf-8", "utf8"):
        if 0x80 <= byte <= 0x9F and "start byte" in why:
            return f": Windows-1252 has {bytes([byte]).decode('cp1252', 'replace')!r} there"
        if byte >= 0xA0 and ("start byte" in why or "continuation" in why or "end of data" in why):
            return f": Latin-1 and Windows-1252 have {chr(byte)!r} there"
    return ""


def _around(data: Text | None, place: int) -> str:
    if data is None or place >= len(data.start):
        return ""
    shown = data.start[max(place - 12, 0) : place + 8].encode("latin-1")
    return f" (in {shown!r})"


def _without_encoding(context: CrashContext, at: int) -> str:
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
            return f"; line {node.lineno} names no `encoding`"
    return ""
