"""Why a process cannot be looked at from outside."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "peek.hidden": "process {pid} is hidden from this user",
    "peek.no_answer": "no answer",
    "peek.no_pyspy": "py-spy, which looks at processes from outside, is not installed",
    "peek.no_thread": "no Python thread was found in it: it may be starting or ending",
    "peek.not_cpython": "cannot look: process {pid} runs {implementation}",
    "peek.not_cpython.why": "only CPython can be read from outside",
    "peek.pyspy_fails": "py-spy cannot be run: {error}",
}
