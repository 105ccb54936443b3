"""A running request of the local backend, and conversions between its types and the worker's."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import Text, message
from iqdebug.llm import worker_protocol
from iqdebug.llm.backends.base import Event, ModelInfo
from iqdebug.llm.backends.worker_process import OutOfMemory, smaller
from iqdebug.llm.chat_format.template import CHATML, ChatTemplate, TemplateError
from iqdebug.llm.chat_format.template_process import Renderer
from iqdebug.llm.messages import Sampling
from iqdebug.llm.tool_formats.base import ToolFormat

__all__ = ["GenerationJob", "common_start", "describe", "failure", "sampler"]


class GenerationJob:
    """One prefill or reply that runs in the background; its events are queued."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.cancelled = False

    def begin(self, work: Coroutine[None, None, None]) -> None:
        self.task = asyncio.create_task(work)
        self.task.add_done_callback(lambda task: self.events.put_nowait(None))

    @property
    def over(self) -> bool:
        return self.task.done()

    def put(self, events: Sequence[Event]) -> None:
        for event in events:
            self.events.put_nowait(event)

    def failure(self) -> BaseException | None:
        """The task's exception. Retrieving it keeps asyncio from logging it as never retrieved."""
        return None if self.task.cancelled() or not self.task.done() else self.task.exception()


def sampler(sampling: Sampling) -> worker_protocol.Sampler:
    """Sampling settings in the worker's type."""
    return worker_protocol.Sampler(
        sampling.temperature,
        sampling.top_p,
        sampling.top_k,
        sampling.min_p,
        sampling.repeat_penalty,
        sampling.max_tokens,
        sampling.seed,
    )


def common_start(one: str, other: str) -> str:
    """The longest common prefix."""
    length = min(len(one), len(other))
    return one[: next((place for place in range(length) if one[place] != other[place]), length)]


def failure(failed: worker_protocol.Failed, options: worker_protocol.LoadOptions) -> ModelError:
    """The worker's report as an error. If memory ran out, it contains a smaller plan."""
    if failed.kind != "memory":
        return ModelError(failed.what, failed.why, failed.fix)
    plan = smaller(options, layers=failed.layers)
    fix = message("llm.worker.try", plan=plan[1]) if plan else failed.fix
    return OutOfMemory(failed.what, failed.why, fix, plan[0] if plan else None)


def describe(
    about: ModelInfo,
    ready: worker_protocol.Ready,
    given: str | None,
    named: bool,
    opening: str,
    renderer: Renderer,
    tool_format: ToolFormat | None,
) -> tuple[ModelInfo, ChatTemplate | None]:
    """What is known of a loaded model, and its chat template if it has one that can be read.

    :param given: a template instead of the file's.
    :param named: ``about.model`` was given by the caller and is kept.
    :param opening: the tag that begins a thought.
    :param renderer: a process for the template.
    :param tool_format: how it calls tools; None: as the template says.
    """
    source = given or ready.template or (CHATML if ready.chatml else "")
    why: Text = "" if source else message("llm.local.no_template")
    template: ChatTemplate | None = None
    if source:
        try:
            template = ChatTemplate(source, ready.bos, ready.eos, renderer, tool_format)
        except TemplateError as error:
            why = message("llm.local.unreadable_template", why=error.why)
    known = replace(
        about,
        model=about.model if named or not ready.name else ready.name,
        window=ready.window,
        parameters=ready.parameters,
        thinks=bool(opening and template and template.mentions(opening)),
        chat=template is not None,
        no_chat_message=why,
    )
    return known, template
