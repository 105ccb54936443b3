"""Whether a process can be attached to, and who would end it if it were paused for long.."""

from __future__ import annotations

from dataclasses import dataclass

from iqdebug.core.messages import Text, render

__all__ = ["Attachability", "Supervisor"]


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who kills the process when it is silent for too long, as a paused one is.

    ``name`` is the program's ("gunicorn"), ``pid`` its process. ``timeout_s`` is how many seconds of
    silence it bears, None where that cannot be told. ``worker_class`` is the kind of worker that it
    runs ("gthread"), "" where it has no kinds. ``why`` is a sentence about it for a person."""

    name: str
    pid: int
    timeout_s: float | None = None
    worker_class: str = ""
    why_message: Text = ""

    @property
    def why(self) -> str:
        return render(self.why_message)


@dataclass(frozen=True, slots=True)
class Attachability:
    """Whether `attach` would work. ``cost`` says what attaching does to this interpreter, in
    one line; ``why_not`` and ``fix`` are empty when it is possible. ``risk`` is what might end the
    process when it is attached to, where that could not be told; ``diagnose``, which does not ask, then
    only looks from outside. ``supervisor`` is who would
    kill the process when it is paused for long; the warnings speak of it too."""

    ok: bool
    why_not_message: Text = ""
    fix_message: Text = ""
    cost_message: Text = ""
    warning_messages: tuple[Text, ...] = ()
    supervisor: Supervisor | None = None
    risk_message: Text = ""

    @property
    def why_not(self) -> str:
        return render(self.why_not_message)

    @property
    def fix(self) -> str:
        return render(self.fix_message)

    @property
    def cost(self) -> str:
        return render(self.cost_message)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(render(warning) for warning in self.warning_messages)

    @property
    def risk(self) -> str:
        return render(self.risk_message)
