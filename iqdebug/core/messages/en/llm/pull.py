"""Downloading a model's file: what can go wrong with the hub, the disk and the connection."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "llm.pull.broke_off": "The download of {file} broke off",
    "llm.pull.broke_off.fix": "Run it again: it goes on where it stopped.",
    "llm.pull.cannot": "{file} cannot be downloaded",
    "llm.pull.cannot.why": "{hub} does not say how large it is.",
    "llm.pull.cannot_write": "{path} cannot be written",
    "llm.pull.damaged": "{file} arrived damaged",
    "llm.pull.damaged.fix": "Download it again.",
    "llm.pull.damaged.why": "Its checksum is another one.",
    "llm.pull.no_hub": "huggingface_hub is not installed",
    "llm.pull.no_hub.why": "It finds models on the hub.",
    "llm.pull.no_room": "There is no room for {file}",
    "llm.pull.no_room.fix": "Make room, or name another folder with --to.",
    "llm.pull.no_room.why": "It needs {needed} GB more and {free} GB are free in {folder}.",
    "llm.pull.not_given": "{hub} does not give out {file}",
    "llm.pull.not_given.fix": "Run `hf auth login`.",
    "llm.pull.not_there": "{hub} has no {file}",
    "llm.pull.not_there.fix": "Check the name on the hub.",
    "llm.pull.other_file": "{file} is not the file that the preset names",
    "llm.pull.other_file.why": "The hub's sum is {sum}.",
    "llm.pull.refused": "{hub} refused {file}",
    "llm.pull.refused.fix": "Try again later.",
    "llm.pull.status": "It answered {status}.",
    "llm.pull.too_much": "the server sends more than it said",
    "llm.pull.unreachable": "{hub} cannot be reached",
    "llm.pull.unreachable.fix": "Or name another --endpoint.",
}
