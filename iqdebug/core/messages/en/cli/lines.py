"""What the commands print of processes, crashes and conversations."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "cli.about": "Program",
    "cli.about.pid": "pid {pid}",
    "cli.consent.ask": "Attach? [Y/n] ",
    "cli.consent.process": "process {pid}, Python {version}: {command}",
    "cli.consent.supervised": "The screen counts down while it is paused; with --no-hold no stop holds it.",
    "cli.crashes.count": "{count} {count:file|files}, {size}, in {folder}",
    "cli.crashes.deleted": "{count} {count:file|files} deleted from {folder}",
    "cli.crashes.none": (
        "No crash is recorded in {folder}\n"
        "To record crashes of a program, one of:\n"
        "  python -m iqdebug.capture script.py      or -m module; nothing in the program changes\n"
        "  IQDEBUG_CAPTURE=DIR python script.py     in an environment with iqdebug installed\n"
        "  import iqdebug.capture; iqdebug.capture.install()\n"
        "To record a living process: iqdebug snapshot PID"
    ),
    "cli.crashes.open_one": "`iqdebug open ID` (or: latest) opens the newest of a kind",
    "cli.diagnose.by_signal": (
        "the program ended by signal {number}, and no crash of Python was recorded in it"
    ),
    "cli.diagnose.ended": "the program ended without a crash",
    "cli.diagnose.ended_well": "The program ended well: no crash.",
    "cli.diagnose.not_attached": "not attached: {risk}",
    "cli.diagnose.not_watched": (
        "Not watched: Python older than 3.8 or started with -I, -E or -S, and other languages; "
        "sys.exit() is not a crash."
    ),
    "cli.diagnose.only_from_outside": "only looked at from outside: {reasons:; }",
    "cli.diagnose.with_code": (
        "the program ended with exit code {code}, and no crash of Python was recorded in it"
    ),
    "cli.doctor.error": "NO",
    "cli.doctor.info": "note",
    "cli.doctor.mend": "mend: {fix}",
    "cli.doctor.ok": "ok",
    "cli.doctor.warning": "warn",
    "cli.help.code_of_run": "`iqdebug run` ends with the exit code of the program that it ran.",
    "cli.last_output": "last output",
    "cli.note": "note: {words}",
    "cli.open_it": "open it: iqdebug open {path}",
    "cli.picker.look": "Looking works without attaching: iqdebug peek {pid}",
    "cli.ps.none": "No Python process is running that you can see.",
    "cli.report.and": "and {type}: {words}",
    "cli.report.cause": "caused by {type}: {words}",
    "cli.report.context": "while handling {type}: {words}",
    "cli.report.damaged": "damaged: {words}",
    "cli.report.member": "member {type}: {words}",
    "cli.report.more": "… {count} more",
    "cli.report.more_frames": "… {count} more frames",
    "cli.report.stack": "stack, innermost first",
    "cli.report.title": "{title}{how:? }  (process {pid}{python:?, Python })",
    "cli.resume.about": "{about}  with {setting}",
    "cli.resume.ended": "process {pid} {command}, which has ended",
    "cli.resume.none": "No conversation is kept. One with a question in it is, when its screen is left.",
    "cli.resume.questions": "{count} {count:question|questions}",
    "cli.resume.runs": "process {pid} {command}, which runs",
    "cli.schemas.usage": "usage: python -m iqdebug.cli.schemas FOLDER",
    "cli.snapshot.asked_for": "asked for",
    "cli.snapshot.from_outside": "looked at from outside only: {reason}",
}
