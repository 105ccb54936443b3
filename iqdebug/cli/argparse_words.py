"""argparse's own words, from the catalogue. It asks gettext for them by their English text."""

from __future__ import annotations

import argparse

from iqdebug.core.messages import message, render

__all__ = ["use_catalogue"]

_WORDS = {
    "usage: ": message("cli.argparse.usage"),
    "options": message("cli.argparse.options"),
    "positional arguments": message("cli.argparse.positional"),
    "show this help message and exit": message("cli.argparse.help"),
    "show program's version number and exit": message("cli.argparse.version"),
    "the following arguments are required: %s": message("cli.argparse.required"),
    "one of the arguments %s is required": message("cli.argparse.one_required"),
    "unrecognized arguments: %s": message("cli.argparse.unrecognized"),
    "invalid choice: %(value)r (choose from %(choices)s)": message("cli.argparse.choice"),
    "invalid %(type)s value: %(value)r": message("cli.argparse.value"),
    "expected one argument": message("cli.argparse.one"),
    "expected at most one argument": message("cli.argparse.at_most_one"),
    "expected at least one argument": message("cli.argparse.at_least_one"),
    "not allowed with argument %s": message("cli.argparse.not_with"),
    "ignored explicit argument %r": message("cli.argparse.ignored"),
    "ambiguous option: %(option)s could match %(matches)s": message("cli.argparse.ambiguous"),
    "argument %(argument_name)s: %(message)s": message("cli.argparse.argument"),
}


def use_catalogue() -> None:
    """From now on argparse speaks the current language; what is not in the table stays as it is."""
    setattr(argparse, "_", _translated)  # noqa: B010


def _translated(text: str) -> str:
    known = _WORDS.get(text)
    return text if known is None else render(known)
