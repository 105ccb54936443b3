from __future__ import annotations

import json

from iqdebug.core.json_text import json_text
from iqdebug.core.state import Origin, Phase, Snapshot, Thread

ESCAPE = "\x1b]0;title\x07\x1b[31mred\r\n\u202e\udcff\u009b"


def test_json_takes_any_text() -> None:
    snapshot = Snapshot(7, 1, Phase.RUNNING, Origin.LIVE, 0.0, threads=(Thread(1, ESCAPE),))
    written = json_text(snapshot)
    assert written.isascii() and "\x1b" not in written
    parsed = json.loads(written)
    assert parsed["threads"][0]["id"] == 1 and parsed["phase"] == "running"
