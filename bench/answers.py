"""Whether a model's answers about real crashes are right: the model alone, and through iqdebug.

Usage: python -m bench answers MODEL --cases DIR [--sample N] [--ids ID ...] [--out FILE.jsonl]
                                     [--max-tokens N] [--seconds N]

MODEL is a setting such as ``llama:FILE.gguf`` or ``http://host:port/v1``; DIR as for ``localisation``.
Of each case the buggy and the fixed release are installed; one whose trigger does the same on both is left
out. In one run, greedily, with the same limit of tokens for each reply, the same :data:`QUESTION` is put

- to the model **alone**, without tools. System text: :data:`NEUTRAL`. The question stands behind the
  traceback as Python prints it (:data:`MAX_TRACEBACK` characters, its middle left out) and the source of the
  functions on its stack, innermost first, each in a fence under its path: what is pasted into a chat. The
  standard library is left out; of a function :data:`MAX_FUNCTION` lines around its line of the stack, of all
  together :data:`MAX_SOURCE` characters.
- through **iqdebug**: the assistant of ``iqdebug ask FILE QUESTION --project DIR`` with its own system text,
  evidence and tools. DIR is the folder of the packages, as it is for whoever works on them, so that their
  source can be searched and a fix of them proposed. Nobody consents to anything.

Beside them the **ranking** of ``iqdebug diagnose``, which no model has seen. How answers are scored:
``bench/answer_scoring.py``. **What the model writes is run**, as you, in a temporary folder, for a minute at
most.

``--sample N`` takes N cases, chosen by a hash of their ids, the same ones each time; a larger N adds to them.
What was said is kept in ``--out`` with its score, and not asked again. ``--seconds`` stops an answer; what it
says till then counts. Two runs at a time would be in each other's way.

Printed: the true function named first and among the first three; fixes that could be applied, and that are
right; tokens read (evaluated, not reused) and generated, calls of tools and seconds an answer; for all, and
for two halves of the cases by a hash of their ids.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from bench.answer_scoring import Code, Named, Printed, fix_of, places_in, printed, rank_of, without_torn_fence
from bench.localisation import diagnosed, half, judge_of
from bench.tools import begin_recorded, recorded_assistant
from iqdebug.assistant.tool_calls import ToolOutcome
from iqdebug.core import config
from iqdebug.core.output import write_over
from iqdebug.crash import open_crash
from iqdebug.llm.backends.base import Backend, Counters, ReplyFinished, Text
from iqdebug.llm.messages import Message, Sampling, ToolCall
from iqdebug.llm.open_backend import open_model

__all__ = ["NEUTRAL", "QUESTION", "main"]

NEUTRAL = "You are a helpful assistant."
QUESTION = """\
Which function is at fault, and how is it mended? Begin your answer with the place, as file.py:line and the \
name of the function; if others may be at fault too, name them next, the likeliest first. Then write the \
fix: the whole corrected function in a ```python fence, or a unified diff."""
MAX_TRACEBACK = 8_000  # characters
MAX_FUNCTION = 120  # lines
MAX_SOURCE = 16_000  # characters
MAX_RESULT = 2_000  # characters of a result that are kept
BUDGET = 16_000  # tokens of evidence; the ranking is the same under any
ARMS = ("alone", "iqdebug", "ranking")


@dataclass(frozen=True, slots=True)
class Case:
    """A case with its releases installed. ``frames`` and ``suspects`` are those of ``iqdebug diagnose``."""

    id: str
    truth: Sequence[dict[str, Any]]
    python: Path
    trigger: Path
    code: Code
    good: Printed
    bad: Printed
    crash: Path
    frames: Sequence[dict[str, Any]]
    suspects: Sequence[Named]


@dataclass(slots=True)
class Called:
    """:param result: what the model was told, its beginning."""

    name: str
    arguments: dict[str, Any]
    executed: bool
    result: str


@dataclass(slots=True)
class Answered:
    """:param cut: the answer was stopped before its end.
    :param places: as text, in order.
    """

    id: str
    arm: str
    model: str = ""
    answer: str = ""
    cut: bool = False
    calls: list[Called] = field(default_factory=list)
    read: int = 0
    generated: int = 0
    seconds: float = 0.0
    places: list[str] = field(default_factory=list)
    rank: int = 0
    fix: str = "none"

    def count(self, before: Counters, after: Counters) -> None:
        self.read = after.evaluated - before.evaluated
        self.generated = after.generated - before.generated


def prepared(judge: ModuleType, folder: Path, work: Path) -> Case:
    """:param work: an empty folder, which the trigger is recorded in.
    :raises RuntimeError: a release cannot be installed, or both do the same.
    """
    case = json.loads((folder / "case.json").read_text())
    home = judge.environment(folder, case["python"])
    python, trigger = home / "bin/python", folder / "trigger.py"
    good = printed(fixed_environment(judge, folder, case) / "bin/python", trigger)
    bad = printed(python, trigger)
    if good.same(bad):
        raise RuntimeError("both releases print the same")
    shutil.copy(trigger, work)
    report = diagnosed(str(python), work, BUDGET)
    site = next((home / "lib").glob("python3*/site-packages"))
    frames = [frame for frame in report["frames"] if frame["kind"] != "stdlib"]
    stack = [judge.relative(frame["file"], home) for frame in frames]
    stack = [file for file in dict.fromkeys(stack) if not os.path.isabs(file) and (site / file).is_file()]
    tops = {file.split("/")[0] for file in [*stack, *(truth["file"] for truth in case["truth"])]}
    suspects = [
        Named(judge.relative(s["file"], home), s["function"].replace(".<locals>", ""))
        for s in report["suspects"]
    ]
    code = Code(site, tuple(sorted(tops)), tuple(stack))
    crash = Path(report["crash_file"])
    return Case(case["id"], case["truth"], python, trigger, code, good, bad, crash, frames, suspects)


@contextmanager
def _same_folder(name: str) -> Iterator[Path]:
    """An empty folder with the same path each time: it stands in the evidence, and a greedy model answers
    differently for each."""
    ours = Path(tempfile.gettempdir()).resolve() / f"answers-{os.getuid()}"
    ours.mkdir(mode=0o700, exist_ok=True)
    if ours.lstat().st_uid != os.getuid():
        raise SystemExit(f"{ours} belongs to somebody else")
    folder = ours / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fixed_environment(judge: ModuleType, folder: Path, case: dict[str, Any]) -> Path:
    """An environment with the fixed release in place of the buggy one, beside the same releases of other
    packages if it allows them."""
    lines = (folder / "requirements.txt").read_text().split("\n")
    buggy, fixed = (f"{case['package']}=={case[version]}" for version in ("buggy", "fixed"))
    if buggy not in lines:
        raise RuntimeError(f"requirements.txt lacks {buggy}")
    with tempfile.TemporaryDirectory() as changed:

        def installed(requirements: Sequence[str]) -> Path:
            Path(changed, "requirements.txt").write_text("\n".join(requirements))
            home: Path = judge.environment(Path(changed), case["python"])
            return home

        try:
            return installed([fixed if line == buggy else line for line in lines])
        except RuntimeError:
            return installed([fixed, *(line for line in lines if line.startswith("--"))])


def plain_prompt(case: Case) -> str:
    """What the model alone is given."""
    source, left = [], MAX_SOURCE
    for path, text in _functions(case.frames):
        shown = "trigger.py" if path.endswith("/trigger.py") else path
        part = f"{shown}\n```python\n{text}\n```"
        if len(part) > left:
            break
        left -= len(part)
        source.append(part)
    traceback = case.bad.errors.strip()
    if len(traceback) > MAX_TRACEBACK:
        traceback = f"{traceback[: MAX_TRACEBACK // 4]}\n…\n{traceback[-MAX_TRACEBACK * 3 // 4 :]}"
    parts = ["A Python program failed:", f"```\n{traceback}\n```"]
    return "\n\n".join([*parts, "The functions on its stack, innermost first:", *source, QUESTION])


def _functions(frames: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The path and the source of each function once."""
    seen = set()
    for frame in frames:
        path, line = frame["file"], frame["line"]
        if not os.path.isfile(path):
            continue
        lines = Path(path).read_text(errors="replace").split("\n")
        first, last = _span("\n".join(lines), line)
        if (path, first) in seen:
            continue
        seen.add((path, first))
        last = last or len(lines)
        if last - first >= MAX_FUNCTION:
            first = max(first, min(line - MAX_FUNCTION // 2, last - MAX_FUNCTION + 1))
            last = first + MAX_FUNCTION - 1
        yield path, "\n".join(lines[first - 1 : last])


def _span(text: str, line: int) -> tuple[int, int]:
    """The first and the last line of the innermost function around a line; (1, 0) where there is none."""
    spans = [
        (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno or 0)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return max((span for span in spans if span[0] <= line <= span[1]), default=(1, 0))


async def ask_alone(backend: Backend, sampling: Sampling, case: Case, limit: float) -> Answered:
    said = Answered(case.id, "alone")
    before, started = backend.counters, time.monotonic()
    await backend.open(NEUTRAL)
    await backend.append(Message("user", plain_prompt(case)))
    stop = asyncio.get_running_loop().call_later(limit, lambda: asyncio.ensure_future(backend.cancel()))
    async for event in backend.reply(sampling):
        if isinstance(event, Text):
            said.answer += event.text
        elif isinstance(event, ReplyFinished):
            said.cut = event.why != "stop"
    stop.cancel()
    said.seconds = time.monotonic() - started
    said.count(before, backend.counters)
    return said


async def ask_iqdebug(model: str, case: Case, limit: float) -> Answered:
    """As ``iqdebug ask`` does. The seconds count from the recording on, without loading the model."""
    said = Answered(case.id, "iqdebug")
    crash = open_crash(case.crash)
    async with recorded_assistant(crash, str(case.code.site), model) as assistant:
        window = assistant.window
        assert window is not None
        before, started = window.counters, time.monotonic()
        await begin_recorded(assistant, crash)
        active = assistant.active
        assert active is not None and active.conversation is not None
        run_call = active.binding.run_call

        async def watched(call: ToolCall) -> ToolOutcome:
            outcome = await run_call(call)
            executed = not (call.problem or outcome.failed)
            said.calls.append(Called(call.name, dict(call.arguments), executed, outcome.text[:MAX_RESULT]))
            return outcome

        active.conversation.calls.run_call = watched
        stop = asyncio.get_running_loop().call_later(limit, lambda: asyncio.ensure_future(assistant.stop()))
        await assistant.ask(QUESTION)
        stop.cancel()
        said.seconds = time.monotonic() - started
        said.count(before, window.counters)
        entries = assistant.transcript.entries
    answers = [entry for entry in entries if entry.kind in ("answer", "error")]
    said.answer = "\n".join(entry.text for entry in answers)
    said.cut = bool(answers and answers[-1].words)  # why it ended, where it did not by itself
    return said


def score(said: Answered, case: Case) -> None:
    """Fill in the places, the rank and what came of the fix."""
    places = places_in(said.answer, case.code)
    said.places = [f"{place.file}:{place.function}".lstrip(":") for place in places]
    said.rank = rank_of(places, case.truth)
    proposals = [call.arguments for call in said.calls if call.name == "propose_fix"]
    whole = without_torn_fence(said.answer) if said.cut else said.answer
    said.fix = fix_of(whole, proposals, case.code, case.python, case.trigger, case.good)


def ranking(case: Case) -> Answered:
    places: list[Named] = []
    for suspect in case.suspects:
        if not any(suspect.is_same(earlier) for earlier in places):
            places.append(suspect)
    names = [f"{place.file}:{place.function}" for place in places]
    return Answered(case.id, "ranking", places=names, rank=rank_of(places, case.truth))


class Run:
    """All cases with one model. ``known`` holds what was said already, by case and arm."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.judge = judge_of(options.cases)
        self.known: dict[tuple[str, str], Answered] = {}
        if options.out is not None and options.out.exists():
            for line in options.out.read_text().splitlines():
                said = msgspec.convert(json.loads(line), Answered)
                if said.model == options.model:
                    self.known[said.id, said.arm] = said

    async def all(self) -> list[str]:
        """Ask about the cases; the ids of those that were answered in every arm."""
        folders = [path.parent for path in (self.options.cases / "cases").glob("*/case.json")]
        folders = [f for f in folders if not self.options.ids or f.name in self.options.ids]
        folders.sort(key=lambda folder: hashlib.sha256(f"sample {folder.name}".encode()).digest())
        wanted = min(self.options.sample or len(folders), len(folders))
        opened = open_model(self.options.model, config.load().model)
        if opened is None:
            raise SystemExit("a model is needed")
        done: list[str] = []
        try:
            for folder in folders:
                if len(done) == wanted:
                    break
                self._show(f"{len(done) + 1} of {wanted}: {folder.name}")
                try:
                    await self._one(folder, opened.backend, opened.sampling)
                    done.append(folder.name)
                except (RuntimeError, ValueError, OSError) as error:
                    self._show("")
                    print(f"skipped {folder.name}: {error}", file=sys.stderr)
        finally:
            await opened.backend.close()
            self._show("")
        return done

    async def _one(self, folder: Path, backend: Backend, sampling: Sampling) -> None:
        missing = [arm for arm in ARMS if (folder.name, arm) not in self.known]
        if not missing:
            return
        with _same_folder(folder.name) as work:
            case = await asyncio.to_thread(prepared, self.judge, folder, work)
            for arm in missing:
                self._show(f"{folder.name}: {arm}")
                if arm == "alone":
                    await backend.start()
                    said = await ask_alone(backend, sampling, case, self.options.seconds)
                elif arm == "iqdebug":
                    said = await ask_iqdebug(self.options.model, case, self.options.seconds)
                else:
                    said = ranking(case)
                if arm != "ranking":
                    await asyncio.to_thread(score, said, case)
                self._keep(said)

    def _keep(self, said: Answered) -> None:
        said.model = self.options.model
        self.known[said.id, said.arm] = said
        if self.options.out is not None:
            with self.options.out.open("a") as file:
                file.write(json.dumps(asdict(said)) + "\n")
        self._show("")
        tokens = f"read {said.read:6,} generated {said.generated:5,}"
        fix = said.fix.splitlines()[0][:90]
        print(f"{said.id:34} {said.arm:8} rank {said.rank or '-'}  {tokens}  fix {fix}", flush=True)

    def _show(self, words: str) -> None:
        """In place of what was shown before, where somebody looks."""
        if sys.stderr.isatty():
            write_over(words)


def table(ids: Sequence[str], known: dict[tuple[str, str], Answered]) -> list[str]:
    """The printed lines."""
    if not ids:
        return ["no case was run"]
    head = "first  in 3   fix applied  right   read  generated  calls  seconds"
    lines = [f"{'':26} n   {head}"]
    for name, chosen in (
        ("all", ids),
        ("half A", [i for i in ids if half(i) == 0]),
        ("half B", [i for i in ids if half(i) == 1]),
    ):
        for arm in ARMS:
            lines.append(f"{name:8} {arm:12} {_figures([known[i, arm] for i in chosen])}")
    return lines


def _figures(said: Sequence[Answered]) -> str:
    count = len(said) or 1
    first, three = (sum(0 < s.rank <= k for s in said) / count for k in (1, 3))
    figures = f"{len(said):6}   {first:5.0%} {three:5.0%}"
    if said and said[0].arm == "ranking":
        return figures
    right = sum(s.fix == "right" for s in said)
    applied = right + sum(s.fix.startswith("wrong") for s in said)
    read = sum(s.read for s in said) / count
    generated = sum(s.generated for s in said) / count
    calls = sum(len(s.calls) for s in said) / count
    seconds = sum(s.seconds for s in said) / count
    fixes = f"{applied / count:11.0%} {right / count:6.0%}"
    return f"{figures}   {fixes} {read:6,.0f} {generated:10,.0f} {calls:6.1f} {seconds:8.0f}"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench answers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model")
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--ids", nargs="*", metavar="ID")
    parser.add_argument("--out", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--max-tokens", type=int, default=800, metavar="N", help="of one reply")
    parser.add_argument("--seconds", type=float, default=1_800, metavar="N", help="of one answer")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as settings:
        folder = Path(settings, "iqdebug")
        folder.mkdir()
        (folder / "config.toml").write_text(
            f"[model]\ntemperature = 0.0\nmax_tokens = {options.max_tokens}\n"
        )
        os.environ.update(XDG_CONFIG_HOME=settings, XDG_STATE_HOME=settings)
        run = Run(options)
        done = asyncio.run(run.all())
    print("\n".join(table(done, run.known)))
