"""What a model is shown of a real process that holds secrets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from iqdebug.assistant.permissions import Policy
from tests.assistant.targets import Bench
from tests.dap.targets import attached, running

PROGRAM = Path(__file__).parent / "programs" / "holding_secrets.py"
SECRET = "kQ7vR2mX9pT4-wZ8"

EXPRESSIONS = [
    "url",
    "url.split('@')[0]",
    "url[15:]",
    "headers",
    "headers[1]",
    "headers[1][1]",
    "environ['HTTP_AUTHORIZATION']",
    "row",
    "row['value']",
    "member",
    "member.value",
    "settings.password",
    "settings.password[:4]",
    "settings.password[0]",
    "settings.password[::-1]",
    "settings.password.upper()",
    "'-'.join(settings.password)",
    "[c for c in settings.password]",
    "[ord(c) for c in settings.password]",
    "len(settings.password)",
    "list(settings.password)",
    "[settings.password + 'x', settings.host]",
    "f'{settings.password!r}'",
    "plain",
    "plain[::-1]",
    "plain[2:12]",
    "str(row)",
    "sorted(row.values())",
]

RUN = [
    "__import__('base64').b64encode(settings.password.encode())",
    "vars(settings)",
    "settings.password.encode().hex()",
]


def pieces(text: str) -> set[str]:
    """Each four consecutive letters of the secret, in any case and either direction."""
    lower, secret = text.lower(), SECRET.lower()
    fours = {s[i : i + 4] for s in (secret, secret[::-1]) for i in range(len(s) - 3)}
    return {four for four in fours if four in lower}


@pytest.mark.timeout(120)
async def test_no_read_of_a_live_process_shows_a_secret() -> None:
    async with running(sys.executable, str(PROGRAM)) as target, attached(target) as (session, watcher):
        bench = Bench(session, Policy("always", "always"))
        target.tell(SECRET)
        await session.set_breakpoints([target.breakpoint("loop")])
        await watcher.stopped()
        await session.set_breakpoints([])
        bench.box.stop_shown()
        seen = {}
        for expression in (*EXPRESSIONS, *RUN):
            fresh = Bench(session, Policy("always", "always"))  # nothing is known from another question
            seen[expression] = (await fresh.call("evaluate", expression=expression, frame=0)).text
        seen["frame"] = (await bench.call("frame", index=0)).text
        seen["variables"] = (await bench.call("variables", frame=0)).text
        for name in ("headers", "row", "settings", "environ"):
            seen[f"in {name}"] = (await Bench(session).call("variables", frame=0, name=name)).text
        assert {expression: shown for expression, text in seen.items() if (shown := pieces(text))} == {}
        assert "<masked>" not in (await bench.call("evaluate", expression="settings.host", frame=0)).text
        assert "'db'" in (await bench.call("evaluate", expression="settings.host", frame=0)).text
        answer = await bench.call("evaluate", expression="settings.password == ''", frame=0)
        assert "False" in answer.text, "what is True or False may be answer"
        assert "16" not in seen["len(settings.password)"].partition("\n")[2]
