"""No masked value is anywhere in a file's bytes."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import urllib.parse
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from iqdebug.capture.mask import MASK
from iqdebug.capture.recent import Recent
from iqdebug.capture.record import Occasion, record
from iqdebug.capture.settings import Settings
from tests.support.chunks import HEAD, read

pytestmark = pytest.mark.slow

SECRETS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=8, max_size=60
).filter(lambda text: len(set(text)) > 5 and any(c.isdigit() for c in text))


class Account:
    def __init__(self, secret: str) -> None:
        self.owner = "bob"
        self.api_key = secret
        self.history = [f"login with {secret}", {"nested": [{"client_secret": secret}]}]


def crash(secret: str) -> None:
    password = secret
    url = f"postgres://bob:{urllib.parse.quote(secret, safe='')}@db/shop"
    headers = [("Authorization", f"Bearer {secret}"), ("Accept", "*/*")]
    account = Account(secret)
    raw = secret.encode()
    config = {"db": {"credentials": {"user": "bob", "pw": secret}}, "as json": json.dumps({"x": secret})}
    logging.getLogger("shop").warning("connecting with %s", secret)
    assert password and url and headers and account and raw and config
    raise ValueError(f"cannot log in as bob with {secret!r}")


def raw_chunks(path: Path) -> bytes:
    data, at, content = path.read_bytes(), 12, b""
    while at < len(data):
        _, _, stored, _, _ = HEAD.unpack_from(data, at)
        content += zlib.decompress(data[at + HEAD.size : at + HEAD.size + stored])
        at += HEAD.size + stored
    return content


def written(secret: str, *, mask: bool = True, **environ: str) -> tuple[Path, bytes]:
    path = Path(tempfile.mkdtemp()) / "x.iqcrash"
    logs = Recent(output=False)
    logs.start()
    os.environ.update(environ)
    try:
        crash(secret)
    except ValueError as error:
        occasion = Occasion("caught", error, error.__traceback__, alone=True)
        record(occasion, Settings(mask=mask), logs, str(path))
    finally:
        logs.stop()
        for name in environ:
            del os.environ[name]
    return path, raw_chunks(path)


def forms(secret: str) -> set[bytes]:
    """The secret as JSON, ``repr`` and URLs write it, in a file of ASCII JSON."""
    texts = {secret, repr(secret)[1:-1], urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1]}
    texts.add(repr(secret.encode())[2:-1])
    return {json.dumps(text)[1:-1].encode() for text in texts}


@given(SECRETS)
@settings(max_examples=40, deadline=None, database=None)
@pytest.mark.timeout(120)
def test_no_masked_value_stands_in_the_bytes(secret: str) -> None:
    assume(secret not in MASK)
    path, content = written(secret, SHOP_PASSWORD=secret, SHOP_URL=f"redis://:{secret}@cache")
    for form in forms(secret):
        assert form not in content, form
    assert read(path)["META"][0]["masked"] is True
    assert MASK.encode() in content
    assert b"bob" in content and b"Account" in content, "what is no secret stays"


def test_without_masking_it_is_there() -> None:
    path, content = written("hunter2-hunter2", mask=False)
    assert b"hunter2-hunter2" in content
    assert read(path)["META"][0]["masked"] is False


def test_a_secret_of_an_outer_frame_is_masked_in_the_inner_ones(tmp_path: Path) -> None:
    def inner(text: str) -> Any:
        shown = f"[{text}]"
        empty: dict[str, Any] = {}
        return empty[shown]

    def outer() -> None:
        passphrase = "correct-horse-1"
        inner(passphrase)

    try:
        outer()
    except KeyError as error:
        path = record(
            Occasion("caught", error, error.__traceback__, alone=True),
            Settings(),
            None,
            str(tmp_path / "x.iqcrash"),
        )
    content = raw_chunks(Path(path))
    assert b"correct-horse-1" not in content
    assert "inner" in [r["function"].split(".")[-1] for c in read(Path(path))["FRAM"] for r in c["frames"]]
    assert sys.exc_info() == (None, None, None)
