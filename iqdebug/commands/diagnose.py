"""`iqdebug diagnose`: what is likely wrong, without a screen."""

from __future__ import annotations

import argparse
from typing import Any

from iqdebug.commands import add_pid, ended_by_signals, seconds

__all__ = ["add"]


def add(commands: Any) -> None:
    diagnose = commands.add_parser("diagnose", help="print what is likely wrong with a process, and leave it")
    add_pid(diagnose)
    diagnose.add_argument("--json", action="store_true", help="print JSON")
    diagnose.add_argument(
        "--seconds",
        type=seconds,
        default=0.4,
        metavar="N",
        help="observe for N seconds (default %(default)s)",
    )
    diagnose.add_argument("--no-attach", action="store_true", help="only look from outside")
    diagnose.add_argument(
        "--yes", "-y", action="store_true", help="accepted for symmetry; diagnose never asks"
    )
    diagnose.set_defaults(run=_diagnose)


def _diagnose(options: argparse.Namespace) -> int:
    import asyncio

    from iqdebug import headless, text
    from iqdebug.peek.preflight import require_attachable

    if options.no_attach:
        result = headless.from_outside(options.pid, options.seconds)
    else:
        info = require_attachable(options.pid)
        with ended_by_signals():
            result = asyncio.run(headless.attached(info, options.seconds))
    if options.json:
        print(text.json_text(result))
    else:
        print("\n".join(result.lines()))
    return 0
