"""The folder of crash files and its table."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "crash.folder.cannot_be_read": "{folder} cannot be read",
    "crash.folder.cannot_be_written": "{path} cannot be written",
    "crash.folder.empty": "No crash is recorded in {folder}",
    "crash.folder.empty.fix": "`iqdebug crashes` says how to record one",
    "crash.folder.none": "There is no file {wanted}, and no fingerprint in {folder} begins so",
    "crash.folder.none.fix": "`iqdebug crashes` lists what is recorded",
    "crash.folder.several": "{wanted} fits {count} fingerprints",
    "crash.folder.several.fix": "Type more of it",
    "crash.table.cut_short": "{title}  (cut short)",
    "crash.table.damaged": "(its first part is damaged)",
    "crash.table.head.count": "N",
    "crash.table.head.id": "ID",
    "crash.table.head.last_seen": "LAST SEEN",
    "crash.table.head.place": "PLACE",
    "crash.table.head.size": "SIZE",
    "crash.table.head.what": "WHAT",
    "crash.table.head.why": "WHY",
    "crash.table.why.caught": "caught",
    "crash.table.why.native": "native",
    "crash.table.why.snapshot": "snapshot",
    "crash.table.why.task": "task",
    "crash.table.why.test": "test",
    "crash.table.why.thread": "thread",
    "crash.table.why.uncaught": "uncaught",
    "crash.table.why.unraisable": "unraised",
}
