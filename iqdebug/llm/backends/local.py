"""A model in a worker process on this machine. The token log is kept here, not in the worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Text, message
from iqdebug.llm import worker_protocol
from iqdebug.llm.backends.base import Block, Counters, Event, ModelInfo, Prefilling, Progress, ReplyFinished
from iqdebug.llm.backends.generation_job import GenerationJob, common_start, describe, failure, sampler
from iqdebug.llm.backends.prefix_keeper import PrefixKeeper
from iqdebug.llm.backends.worker_process import Refused, WorkerProcess, default_log_file
from iqdebug.llm.chat_format.answer import AnswerReader
from iqdebug.llm.chat_format.template import ChatTemplate, Part, TemplateError
from iqdebug.llm.chat_format.template_process import Renderer
from iqdebug.llm.messages import Message, Role, Sampling, Tool
from iqdebug.llm.speeds import UNKNOWN, Speeds
from iqdebug.llm.tool_formats.base import ToolFormat
from iqdebug.llm.tool_formats.grammar import CALLS_PER_TURN, CallGrammar
from iqdebug.llm.untrusted_json import sound_text
from iqdebug.llm.window.log_storage import new_state_file, read_log, sound_state, write_log
from iqdebug.llm.window.prefix_states import PrefixStates
from iqdebug.llm.window.token_log import TokenLog

__all__ = ["LoadOptions", "LocalBackend"]

LoadOptions = worker_protocol.LoadOptions
_COMPLETION_SAMPLING = Sampling(temperature=0.2, max_tokens=64)
_THINKING_TAGS = ("<think>", "</think>")
_AnswerT = TypeVar("_AnswerT")


class LocalBackend:
    """:class:`~iqdebug.llm.backends.base.Backend` over llama.cpp.

    :param setting: the setting it was opened by.
    :param options: the memory plan.
    :param model: its name for a person; else the file's own.
    :param thinking: the tags of thoughts; () for a model that has none.
    :param template: a chat template instead of the file's.
    :param tool_format: how it calls tools; else what its template says.
    :param log_file: where llama.cpp's output goes; else the state folder's ``worker.log``.
    :param prefix_states: where the model's state after the system prompt and the tools is kept for all
        sessions; None keeps none.
    :param speeds: where it is remembered how fast the model is; None: nowhere.
    """

    def __init__(
        self,
        setting: str,
        options: worker_protocol.LoadOptions,
        *,
        model: str = "",
        thinking: Sequence[str] = _THINKING_TAGS,
        template: str | None = None,
        tool_format: ToolFormat | None = None,
        log_file: Path | None = None,
        prefix_states: PrefixStates | None = None,
        speeds: Speeds | None = None,
    ) -> None:
        self.options = options
        self._tags = (thinking[0], thinking[1]) if len(thinking) == 2 else ("", "")
        self._given_template = template
        self._tool_format = tool_format
        name = model or Path(options.model).stem
        self._named = bool(model)
        self._about = ModelInfo(setting, name, message("llm.on_this_machine"), False, options.n_ctx)
        self._worker = WorkerProcess(log_file or default_log_file(), options)
        self._log = TokenLog()
        self._ready: worker_protocol.Ready | None = None
        self._template: ChatTemplate | None = None
        self._renderer: Renderer | None = None
        self._counters = Counters()
        self._job: GenerationJob | None = None  # the last prefill or reply
        self._prefix = PrefixKeeper(self._worker, prefix_states)
        self._speeds = speeds
        self._starting = asyncio.Lock()
        self.decoded = 0
        """Tokens that have passed through the model: what was evaluated and what was generated."""

    @property
    def about(self) -> ModelInfo:
        return self._about

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self._log.blocks

    @property
    def used(self) -> int:
        return self._log.used

    @property
    def counters(self) -> Counters:
        return self._counters

    @property
    def tokens(self) -> list[int]:
        """The whole log as token ids."""
        return self._log.ids

    @property
    def pid(self) -> int | None:
        """Of the worker, while it lives."""
        return self._worker.pid if self._worker.alive else None

    # Loading.

    async def start(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Can be called again after the worker has died: the next read evaluates the log again.

        :raises OutOfMemory: with a smaller plan, where there is one.
        :raises ModelError: the file cannot be loaded.
        """
        async with self._starting:
            if self._worker.alive and self._ready is not None:
                return
            await self._stop()
            await self._worker.start()
            renderer = self._renderer = Renderer()  # it gets ready while the model is loaded
            request = worker_protocol.Load(self._worker.number(), self.options)
            ready: worker_protocol.Ready | None = None
            try:
                async with contextlib.aclosing(self._worker.answers(request)) as answers:
                    async for answer in answers:
                        if isinstance(answer, worker_protocol.Loading) and on_progress:
                            on_progress(Progress(answer.words, answer.fraction))
                        elif isinstance(answer, worker_protocol.Ready):
                            ready = answer
            except Refused as error:
                await self._stop()
                raise failure(error.failed, self.options) from error
            except BaseException:
                await self._stop()
                raise
            assert ready is not None
            before, self._ready, self._prefix.due = self._ready, ready, True
            self._worker.layers = ready.layers
            if before is not None and before.identity != ready.identity:
                self._log.clear()  # another file stands there now: its tokens mean something else
            self._about, self._template = await asyncio.to_thread(
                describe,
                self._about,
                ready,
                self._given_template,
                self._named,
                self._tags[0],
                renderer,
                self._tool_format,
            )
            if self._speeds is not None and self._about.speed == UNKNOWN:
                known = await asyncio.to_thread(self._speeds.of, self._speed_key(ready))
                self._about = replace(self._about, speed=known)

    async def _stop(self) -> None:
        """End both processes."""
        if self._renderer is not None:
            self._renderer.close()
        await self._worker.stop()

    # The log.

    async def open(self, system: str, tools: Sequence[Tool] = ()) -> Block:
        """:raises ModelError: a Base model.
        :raises UnsupportedSchema: a tool's parameters cannot be guaranteed by a grammar.
        """
        template = await self._chat()
        if tools:
            template.tool_format.grammar(tools, CALLS_PER_TURN)
        await self._settle()
        message = Message("system", system, "system")
        parts = await self._joint([], message, tools, "")
        # Template text that always follows the system prompt, such as the list of tools, is added to it.
        following = (await self._joint([message], Message("user", "…"), tools, ""))[0][0]
        closing = await asyncio.to_thread(template.closing, [message], tools)
        emitted = common_start(closing, following)
        tokens = await self._tokenize([*parts, (emitted, True)], begin=True)
        self._log.clear()
        self._log.tools = tuple(tools)
        self._prefix.due = True
        return self._log.add(message, tokens, emitted)

    async def append(self, message: Message) -> Block:
        await self._chat()
        await self._settle()
        log = self._log
        parts = await self._joint(log.messages, message, log.tools, log.emitted)
        return log.add(message, await self._tokenize(parts, begin=not log.used))

    async def count(self, text: str) -> int:
        return len(await self._tokenize([(text, False)]))

    async def cut(self, mark: int) -> None:
        """:raises ModelError: there is no such block."""
        await self._settle()
        try:
            self._log.cut(mark)
        except KeyError:
            raise ModelError(message("llm.local.no_block", mark=mark)) from None

    # Reading and answering.

    async def prefill(self) -> AsyncGenerator[Prefilling, None]:
        await self._settle()
        if not self._log.used or self._log.used > self._about.window:
            return
        job = self._job = GenerationJob(self._worker.number())
        job.begin(self._read(job))
        async with contextlib.aclosing(self._events(job)) as events:
            async for event in events:
                assert isinstance(event, Prefilling)
                yield event

    async def reply(
        self,
        sampling: Sampling,
        *,
        calls: bool = True,
        force_call: bool = False,
        most_calls: int = CALLS_PER_TURN,
    ) -> AsyncGenerator[Event, None]:
        """:param calls: False: the answer is no tool call.
        :param force_call: the answer is a tool call from its first token on.
        :param most_calls: that one answer may hold.
        """
        await self._chat()
        await self._settle()
        job = self._job = GenerationJob(self._worker.number())
        job.begin(self._answer(job, sampling, calls, force_call, most_calls))
        async with contextlib.aclosing(self._events(job)) as events:
            async for event in events:
                yield event

    async def complete(self, prefix: str, suffix: str = "", sampling: Sampling | None = None) -> str:
        await self._settle()
        await self.start()
        before, behind = sound_text(prefix), sound_text(suffix)
        request = worker_protocol.Complete(
            self._worker.number(), before, behind, sampler(sampling or _COMPLETION_SAMPLING)
        )
        finished = await self._ask(request, worker_protocol.Finished)
        self._account(finished, generated=len(finished.tokens))
        return finished.text

    async def cancel(self) -> None:
        if self._job is not None:
            await self._settle()

    async def _settle(self) -> None:
        """Cancel what is running and wait for its end, which takes one batch at most."""
        while (job := self._job) is not None and not job.over:
            job.cancelled = True
            self._worker.cancel(job.number)
            await asyncio.wait([job.task])

    async def _events(self, job: GenerationJob) -> AsyncGenerator[Event, None]:
        try:
            while (event := await job.events.get()) is not None:
                yield event
            await job.task  # raises what went wrong
        finally:
            if not job.over:
                job.cancelled = True
                self._worker.cancel(job.number)
                await asyncio.wait([job.task])
            job.failure()

    async def _read(self, job: GenerationJob) -> None:
        await self.start()
        if job.cancelled:
            return
        before = await self._take_prefix(job, self._log.used)
        request = worker_protocol.Read(job.number, self._log.ids)
        self._account(await self._evaluate(job, request, before.evaluated, 0))

    async def _evaluate(
        self, job: GenerationJob, request: worker_protocol.Read, done: int, more: int
    ) -> worker_protocol.Finished:
        """:param done: tokens that were evaluated for this job before, and ``more``: that will be after."""
        finished: worker_protocol.Finished | None = None
        async with contextlib.aclosing(self._worker.answers(request)) as answers:
            async for answer in answers:
                if isinstance(answer, worker_protocol.Reading):
                    job.events.put_nowait(Prefilling(done + answer.done, done + answer.total + more))
                elif isinstance(answer, worker_protocol.Finished):
                    finished = answer
        assert finished is not None
        return finished

    async def _take_prefix(self, job: GenerationJob, total: int) -> worker_protocol.Finished:
        """Bring the worker to the log's prefix: by its state on disk or, where there is none, by evaluating
        it, which leaves one. What follows is evaluated in batches of its own, so that answers are the same
        either way. Returns what was evaluated.

        :param total: tokens that the job evaluates altogether.
        """
        ready, prefix = self._ready, self._log.prefix
        assert ready is not None
        finished = worker_protocol.Finished(job.number, "done")
        if not self._prefix.must_be_taken(ready, prefix) or await self._prefix.restored(ready, prefix):
            return finished
        request = worker_protocol.Read(job.number, prefix)
        finished = await self._evaluate(job, request, 0, total - len(prefix))
        self._account(finished)
        if finished.why == "done":
            await self._prefix.keep(ready, prefix)
        # A cancellation that comes too late for the one request must meet the next.
        job.number = self._worker.number()
        if job.cancelled:
            self._worker.cancel(job.number)
        return finished

    async def _answer(
        self, job: GenerationJob, sampling: Sampling, calls: bool, force_call: bool, most_calls: int
    ) -> None:
        await self.start()
        log, template = self._log, self._template
        assert template is not None
        try:
            opening = await asyncio.to_thread(template.generation, log.messages, log.tools, log.emitted)
        except TemplateError as error:
            raise ModelError(message("llm.local.refuses_answer"), _why(error)) from error
        prompt = await self._tokenize([(opening, True)], begin=not log.used)
        inside = bool(self._tags[0]) and opening.rstrip().endswith(self._tags[0])
        request = worker_protocol.Generate(
            id=job.number,
            tokens=log.ids + prompt,
            sampler=sampler(sampling),
            grammar=_grammar(template, log.tools, most_calls, force_call),
            calls=calls,
            thoughts=worker_protocol.Thoughts(*self._tags, inside),
        )
        reader = AnswerReader(self._tags, inside, log.tools)
        finished: worker_protocol.Finished | None = None
        try:
            before = await self._take_prefix(job, len(request.tokens))
            request = msgspec.structs.replace(request, id=job.number)
            async with contextlib.aclosing(self._worker.answers(request)) as answers:
                async for answer in answers:
                    if isinstance(answer, worker_protocol.Reading):
                        done, total = before.evaluated + answer.done, before.evaluated + answer.total
                        job.events.put_nowait(Prefilling(done, total))
                    elif isinstance(answer, worker_protocol.Piece):
                        job.put(reader.feed(answer.text))
                    elif isinstance(answer, worker_protocol.Finished):
                        finished = answer
        except Refused as error:
            raise failure(error.failed, self.options) from error
        assert finished is not None
        job.put(reader.finish(cut_off=finished.why != "stop"))
        why = "calls" if finished.why == "stop" and reader.calls else finished.why
        block, generated = await self._keep(reader.message(), prompt, finished, why)
        self._account(finished, finished.reused - before.evaluated, generated)
        first = before.seconds + finished.first if finished.tokens else 0.0
        seconds = before.seconds + finished.seconds
        job.events.put_nowait(ReplyFinished(block, why, self._counters, first, seconds))

    async def _keep(
        self, message: Message, prompt: list[int], finished: worker_protocol.Finished, why: str
    ) -> tuple[Block, int]:
        """Append the answer to the log; returns its block and how many of its tokens were generated."""
        assert self._template is not None and self._ready is not None
        log, generated, emitted = self._log, list(finished.tokens), ""
        if finished.ended:
            closing = await asyncio.to_thread(self._template.closing, [*log.messages, message], log.tools)
            name = self._ready.ends.get(generated[-1], "")
            if name and closing.startswith(name):
                emitted = name
            else:
                generated.pop()  # it has not been evaluated, and the template ends answers otherwise
        partial = why not in ("stop", "calls")
        block = log.add(message, [*prompt, *generated], emitted, len(generated), partial)
        return block, len(generated)

    # On disk.

    async def save(self, path: Path) -> None:
        await self._settle()
        ready = self._ready
        if ready is None:
            raise ModelError(message("llm.local.nothing_yet"), message("llm.local.nothing_yet.why"))
        state: Path | None = None
        try:
            if self._worker.alive and self._log.used:
                state = new_state_file(path)
                await self._ask(
                    worker_protocol.Save(self._worker.number(), str(state.absolute())),
                    worker_protocol.Finished,
                )
            await asyncio.to_thread(write_log, path, self._log, ready.identity, state)
        except BaseException as error:
            if state is not None:
                state.unlink(missing_ok=True)
            if isinstance(error, OSError):
                what = message("llm.local.not_saved", path=str(path))
                raise ModelError(what, f"{error.strerror or error}.") from error
            raise

    async def load(self, path: Path) -> None:
        """If the state is missing or damaged, only the log is loaded and evaluated again."""
        await self._settle()
        await self.start()
        assert self._ready is not None
        log, state = await asyncio.to_thread(read_log, path, self._ready.identity)
        self._prefix.due = True
        if file := await asyncio.to_thread(sound_state, path, state):
            request = worker_protocol.Restore(self._worker.number(), str(file.absolute()), log.ids)
            restored = await self._ask(request, worker_protocol.Finished)
            self._prefix.due = not restored.valid
        self._log = log

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await self._settle()
        await self._stop()
        await self._prefix.finished()
        if self._speeds is not None and self._ready is not None and self._about.speed != UNKNOWN:
            await asyncio.to_thread(self._speeds.keep, self._speed_key(self._ready), self._about.speed)

    # Helpers.

    def _speed_key(self, ready: worker_protocol.Ready) -> str:
        return f"{ready.identity} {self.options.n_gpu_layers}"

    async def _chat(self) -> ChatTemplate:
        await self.start()
        if self._template is None:
            raise ModelError(
                message("llm.local.no_chat", model=self._about.model),
                self._about.no_chat_message,
                message("llm.local.no_chat.fix"),
            )
        return self._template

    async def _joint(
        self, history: list[Message], message: Message, tools: Sequence[Tool], emitted: str
    ) -> list[Part]:
        assert self._template is not None
        try:
            return await asyncio.to_thread(self._template.joint, history, message, tools, emitted)
        except TemplateError as error:
            raise _refused(message.role, error) from error

    async def _tokenize(self, parts: Sequence[Part], begin: bool = False) -> list[int]:
        await self.start()
        sound = [(sound_text(text), special) for text, special in parts]
        request = worker_protocol.Tokenize(self._worker.number(), sound, begin)
        answer = await self._ask(request, worker_protocol.Tokens)
        return [token for part in answer.tokens for token in part]

    async def _ask(self, request: worker_protocol.Request, kind: type[_AnswerT]) -> _AnswerT:
        try:
            return await self._worker.ask(request, kind)
        except Refused as error:
            raise failure(error.failed, self.options) from error

    def _account(self, finished: worker_protocol.Finished, reused: int = 0, generated: int = 0) -> None:
        old = self._counters
        self._counters = Counters(
            old.evaluated + finished.evaluated,
            old.reused + reused,
            old.generated + generated,
        )
        self.decoded += finished.decoded
        speed = self._about.speed.with_prefill(finished.evaluated, finished.first or finished.seconds)
        speed = speed.with_generation(len(finished.tokens) - 1, finished.seconds - finished.first)
        self._about = replace(self._about, speed=speed)


def _grammar(template: ChatTemplate, tools: Sequence[Tool], most: int, forced: bool) -> CallGrammar:
    if not tools:
        return CallGrammar()
    grammar = template.tool_format.grammar(tools, most)
    return CallGrammar(grammar.text) if forced else grammar


def _refused(role: Role, error: TemplateError) -> ModelError:
    return ModelError(message("llm.local.refuses_message", role=role), _why(error))


def _why(error: TemplateError) -> Text:
    return message("llm.local.refuses.why", why=error.why)
