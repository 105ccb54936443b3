"""`iqdebug doctor`: what this machine can do."""

from __future__ import annotations

import argparse

from iqdebug.cli.common import add_json
from iqdebug.cli.documents.base import say_document
from iqdebug.cli.documents.doctor import doctor_document
from iqdebug.core.exit_codes import ExitCode
from iqdebug.core.messages import message, render
from iqdebug.core.output import say
from iqdebug.core.text import clean
from iqdebug.peek.doctor import Check, checks

__all__ = ["configure"]

_MARKS = {
    "error": message("cli.doctor.error"),
    "warning": message("cli.doctor.warning"),
    "info": message("cli.doctor.info"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    results = checks()
    document = doctor_document(results)
    if options.json:
        say_document(document)
    else:
        say(*(line for check in results for line in _lines(check)))
    return ExitCode.DONE if document.ok else ExitCode.ERROR


def _lines(check: Check) -> list[str]:
    mark = render(message("cli.doctor.ok") if check.ok else _MARKS[check.severity])
    lines = [f"{mark:5} {check.name}: {clean(check.detail)}"]
    if check.fix and not check.ok:
        lines.append(f"      {render(message('cli.doctor.mend', fix=clean(check.fix)))}")
    return lines
