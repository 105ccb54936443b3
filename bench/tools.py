"""Whether a model can call the tools: 30 questions about recorded and live stops.

Usage: python -m bench tools MODEL [--only PREFIX] [--out FILE.jsonl] [--max-tokens N]

MODEL is a setting such as ``llama:FILE.gguf`` or ``http://host:port/v1``. Each question needs one to three
look-ups; which tools can answer it stands beside it, and a pattern that the answer must hold. The questions
about one stop share a conversation, from which each is taken back before the next. What the model says is
kept in ``--out``, and a question whose answer stands there already is not asked again. Sampling is greedy.

Printed: how many questions led to a call, how many calls were well-formed, how many of them were executed,
in how many questions a right tool was called, how many answers hold what they must, how many showed a call
as raw text, tokens and seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from iqdebug.assistant.session import AssistantSession, DebuggeeContext
from iqdebug.assistant.tool_calls import ToolOutcome
from iqdebug.assistant.ui_context import HeadlessContext
from iqdebug.core.readable_files import reach_of_project
from iqdebug.core.state import Diagnosis, Snapshot
from iqdebug.crash import Crash, open_crash
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.dap.attach import AttachOptions, attach
from iqdebug.llm.messages import ToolCall
from iqdebug.peek.preflight import require_attachable
from iqdebug.workflows.assemble import companion_for
from iqdebug.workflows.diagnosis_inputs import crash_diagnosis, live_diagnosis, source_reader

__all__ = ["QUESTIONS", "begin_recorded", "main", "recorded_assistant"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@dataclass(frozen=True, slots=True)
class Question:
    """:param about: an example of ``examples/``, a crash of it or, with ``live:`` before it, the process.
    :param tools: any of them is a right one.
    :param answer: a pattern that the answer holds, whatever its case.
    """

    about: str
    text: str
    tools: str
    answer: str


LOOK = "variables frame evaluate"
QUESTIONS = (
    Question("checkout_crash", "How many entries does the dict `prices` have?", LOOK, r"\b39\b"),
    Question("checkout_crash", "What is in order.notes['history'][1]?", LOOK, r"paid"),
    Question("checkout_crash", "In which city does the customer live? Look it up.", LOOK, r"Ulm"),
    Question("checkout_crash", "What is the sku of the last of order.lines?", LOOK, r"tea-39"),
    Question("checkout_crash", "Which attributes does Customer.__init__ set?", "source search", r"address"),
    Question("checkout_crash", "Which function calls price_of? Search it.", "search source", r"\btotal"),
    Question("checkout_crash", "Which threads were there, beside the main one?", "threads", r"heartbeat"),
    Question("checkout_crash", "Which exception caused the RuntimeError?", "exception", r"KeyError"),
    Question("missing_key", "Of which type are the keys of `products`?", LOOK, r"\bstr|string|text"),
    Question("missing_key", "What is the price of the desk in `products`?", LOOK, r"240"),
    Question("missing_key", "Show the source of the function `read`.", "source search", r"split"),
    Question("none_lookup", "What does CUSTOMERS contain: which keys?", f"{LOOK} source search", r"c2"),
    Question("none_lookup", "Show the source of the function `find`.", "source search", r"\.get\("),
    Question("none_lookup", "What is the value of order['customer'] in the failing frame?", LOOK, r"c3"),
    Question("off_by_one", "What is the value of number, and what is len(stations)?", LOOK, r"\b4\b"),
    Question("off_by_one", "What is in the list `found` at this moment?", LOOK, r"Aug|Ulm-"),
    Question("divide_by_zero", "What was `readings` in the frame that called average?", LOOK, r"12"),
    Question("divide_by_zero", "What did the program print before it failed?", "logs", r"12|17|14\.5"),
    Question("exhausted_iterator", "Show the source of the generator `numbers`.", "source search", r"yield"),
    Question("exhausted_iterator", "What is the value of `count`?", LOOK, r"\b4\b"),
    Question("http_400", "Which keys does the dict `form` have?", LOOK, r"email"),
    Question("http_400", "Where is ORDERS appended to? Search for it.", "search source", r"create_order|32"),
    Question("live:deadlock", "Which threads are there, and what does each wait for?", "threads", r"second"),
    Question("live:deadlock", "Show the stack of the thread named first.", "stack threads", r"first"),
    Question("live:leaky_cache", "How many entries does `cache` have now?", LOOK, r"\d"),
    Question("live:leaky_cache", "Show the source of the function price.", "source search", r"key"),
    Question("live:leaky_cache", "Evaluate number + 1 in the frame of serve.", LOOK, r"\d"),
    Question("live:idle_asyncio", "Which asyncio tasks are unfinished?", "tasks", r"consumer"),
    Question("live:idle_asyncio", "Show the source of the function consume.", "source search", r"wait\(\)"),
    Question("live:leaky_cache", "Set a breakpoint in the function price.", "breakpoints", r"breakpoint"),
)
_RAW = re.compile(
    r"</?tool_call>|</?tools>|<function=|\[TOOL_CALLS\]|<\|python_tag\|>|"
    r'\{\s*"name"\s*:\s*"\w+"\s*,\s*"(?:arguments|parameters)"'
)


@dataclass(slots=True)
class Answered:
    """:param calls: the name of each tool that was called, and whether it was executed, was refused or
    failed by its arguments, or was no well-formed call."""

    about: str
    question: str
    answer: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0

    @property
    def raw(self) -> bool:
        return _RAW.search(self.answer) is not None


@contextmanager
def _crash(name: str) -> Iterator[Crash]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "iqdebug.capture", "--dir", folder, str(EXAMPLES / f"{name}.py")]
        subprocess.run(command, capture_output=True, timeout=60, check=False)
        yield open_crash(next(Path(folder).glob("*.iqcrash")))


@asynccontextmanager
async def recorded_assistant(crash: Crash, project: str, model: str) -> AsyncIterator[AssistantSession]:
    """The assistant as ``iqdebug ask FILE --project DIR`` has it, with the model loaded and the stop not yet
    begun.

    :raises SystemExit: there is no such model.
    """
    reach = reach_of_project(project)
    read = source_reader(crash, reach)

    def diagnose(snapshot: Snapshot, earlier: Snapshot | None) -> Diagnosis:
        return crash_diagnosis(crash, read, reach=reach)

    debuggee = DebuggeeContext(crash, project, crash.read_source, diagnose=diagnose)
    assistant = companion_for(model, debuggee)
    if assistant.window is None:
        raise SystemExit("; ".join(e.text for e in assistant.transcript.entries) or f"no model: {model}")
    try:
        await assistant.window.start()
        yield assistant
    finally:
        await assistant.close()


async def begin_recorded(assistant: AssistantSession, crash: Crash) -> None:
    """Have it read the stop; a question may follow."""
    recorded = RecordedSession(crash)
    assistant.begin(recorded, HeadlessContext(recorded, crash.logs))
    await assistant.settled()


@asynccontextmanager
async def _session(about: str, model: str) -> AsyncIterator[AssistantSession]:
    """The assistant of a stop, with the model loaded."""
    kind, _, name = about.rpartition(":")
    if not kind:
        with _crash(name) as crash:
            async with recorded_assistant(crash, str(EXAMPLES), model) as assistant:
                await begin_recorded(assistant, crash)
                yield assistant
        return
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / f"{name}.py")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()  # "ready"
        info = require_attachable(process.pid)
        session = await attach(info, AttachOptions(pause=True, exceptions=()), lambda words: None)
        try:
            assistant = companion_for(model, DebuggeeContext(project=str(EXAMPLES), diagnose=live_diagnosis))
            assistant.begin(session, HeadlessContext(session, ()))
            await assistant.settled()
            yield assistant
            await assistant.close()
        finally:
            await session.detach()
    finally:
        process.kill()
        process.wait()


async def _ask(assistant: AssistantSession, question: Question) -> Answered:
    active = assistant.active
    assert active is not None and active.conversation is not None and assistant.window is not None
    result = Answered(question.about, question.text)
    run_call = active.binding.run_call

    async def watched(call: ToolCall) -> ToolOutcome:
        outcome = await run_call(call)
        state = "malformed" if call.problem else "failed" if outcome.failed else "executed"
        result.calls.append((call.name, state))
        return outcome

    active.conversation.calls.run_call = watched
    started, before = time.monotonic(), assistant.window.counters
    last = max((entry.id for entry in assistant.transcript.entries), default=0)
    await assistant.ask(question.text)
    await active.conversation.finished()
    result.seconds = time.monotonic() - started
    after = assistant.window.counters
    result.tokens = after.evaluated + after.generated - before.evaluated - before.generated
    new = [entry for entry in assistant.transcript.entries if entry.id > last]
    result.answer = "\n".join(entry.text for entry in new if entry.kind in ("answer", "error"))
    active.conversation.calls.run_call = run_call
    await active.conversation.take_back()
    return result


async def _run(model: str, questions: list[Question], known: dict[str, Answered], out: Path | None) -> None:
    for about in dict.fromkeys(question.about for question in questions):
        mine = [q for q in questions if q.about == about and q.text not in known]
        if not mine:
            continue
        async with _session(about, model) as assistant:
            for question in mine:
                answered = await _ask(assistant, question)
                known[question.text] = answered
                print(f"  {about}: {question.text}", flush=True)
                print(f"    {answered.calls} {answered.answer[:150]!r} {answered.seconds:.0f} s", flush=True)
                if out is not None:
                    with out.open("a") as file:
                        file.write(json.dumps(asdict(answered)) + "\n")


def _table(questions: list[Question], known: dict[str, Answered]) -> None:
    asked = [(q, known[q.text]) for q in questions if q.text in known]
    calls = [state for _, a in asked for _, state in a.calls]
    well = [state for state in calls if state != "malformed"]
    right = [q for q, a in asked if any(s == "executed" and n in q.tools.split() for n, s in a.calls)]
    answered = [q for q, a in asked if re.search(q.answer, a.answer, re.IGNORECASE)]
    without = [q for q in answered if not known[q.text].calls]
    print(f"questions                     {len(asked)}")
    print(f"with a call                   {sum(bool(a.calls) for _, a in asked)}")
    print(f"calls emitted                 {len(calls)}")
    print(f"well-formed                   {_share(len(well), len(calls))}")
    print(f"executed                      {_share(calls.count('executed'), len(calls))}")
    print(f"a right tool was called       {_share(len(right), len(asked))}")
    print(f"answered                      {_share(len(answered), len(asked))}, {len(without)} without a call")
    print(f"raw calls on the screen       {sum(a.raw for _, a in asked)}")
    print(f"tokens a question             {sum(a.tokens for _, a in asked) / max(1, len(asked)):.0f}")
    print(f"seconds a question            {sum(a.seconds for _, a in asked) / max(1, len(asked)):.1f}")


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f}%)" if whole else "none"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench tools")
    parser.add_argument("model")
    parser.add_argument("--only", default="", metavar="PREFIX", help="of what is asked about")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--max-tokens", type=int, default=300, help="of one reply")
    options = parser.parse_args(arguments)
    questions = [q for q in QUESTIONS if q.about.startswith(options.only)]
    known: dict[str, Answered] = {}
    if options.out is not None and options.out.exists():
        for line in options.out.read_text().splitlines():
            answered = msgspec.convert(json.loads(line), Answered)
            known[answered.question] = answered
    with tempfile.TemporaryDirectory() as settings:
        (Path(settings) / "iqdebug").mkdir()
        written = f"[model]\ntemperature = 0.0\nmax_tokens = {options.max_tokens}\n"
        (Path(settings) / "iqdebug" / "config.toml").write_text(written)
        os.environ["XDG_CONFIG_HOME"] = settings
        asyncio.run(_run(options.model, questions, known, options.out))
    _table(questions, known)
