"""``python -m bench [NAME ...]``: all measurements, or the named ones, as tables on stdout.

Options after one name go to that measurement: ``python -m bench attach --repetitions 3``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

__all__ = ["NAMES", "main"]

NAMES = {
    "attach": "from the command to the first stack, and one step",
    "overhead": "speed of a hot loop while attached and after detach",
    "peek": "which tool should look from outside: py-spy or pystack",
    "capture": "what recording crashes costs, and what one crash costs",
    "kept": "what is kept of one crash, by iqdebug and others",
    "evidence": "time of a diagnosis",
    "pack": "packing evidence beside tokenizing it",
    "localisation": "how well the true causes of real crashes are found",
    "answers": "whether a model's answers about real crashes are right, alone and through iqdebug",
    "tools": "whether a model can call the tools: 30 questions about recorded and live stops",
    "window": "tokens evaluated per turn of a conversation, and time to the first token",
    "campaign": "a thousand attaches to targets of many kinds, with clients that are killed",
}
# takes long, or needs cases or a model: asked for by name
_ON_DEMAND = ("answers", "campaign", "kept", "localisation", "tools")


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    names: list[str] = []
    while given and not given[0].startswith("-"):
        if given[0] not in NAMES:
            if len(names) == 1:
                break  # an operand of that measurement
            return _usage(f"there is no measurement {given[0]!r}")
        names.append(given.pop(0))
    if given and len(names) != 1:
        return _usage("" if given[0] in ("-h", "--help") else "options need exactly one name before them")
    for name in names or [name for name in NAMES if name not in _ON_DEMAND]:
        print(f"== {name}: {NAMES[name]}", flush=True)
        importlib.import_module(f"bench.{name}").main(given)
        print(flush=True)
    return 0


def _usage(complaint: str) -> int:
    stream = sys.stderr if complaint else sys.stdout
    print("usage: python -m bench [NAME ...] | NAME OPTION ...", file=stream)
    for name, what in NAMES.items():
        print(f"  {name:10} {what}{' (only by name)' if name in _ON_DEMAND else ''}", file=stream)
    if complaint:
        print(complaint, file=stream)
    return 2 if complaint else 0


if __name__ == "__main__":
    sys.exit(main())
