"""Time from the command to the first stack, and of one step: iqdebug and its rivals in the same run.

Usage: python -m bench.attach [--repetitions N] [--steps N] [--tdb PATH] [PYTHON ...]

Each repetition takes every contender in turn, each on a fresh process, so that noise of the
machine falls on all of them; medians are compared. The rivals are a bare scripted client of stock
debugpy (``debugpy --listen --pid``, connecting as soon as the port is open, pause, stack) and,
with ``--tdb``, textual-debugger's way to a running Python process, which takes two commands:
``debugpy --listen --pid``, then ``tdb -r``. Bytecode is cached as on a usual machine, whatever the
shell says (PYTHONDONTWRITEBYTECODE); one run of each before the first measured one fills the caches.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from bench.rival import (
    SILENT,
    BareClient,
    StockAttach,
    free_port,
    listener_on,
    quiet_environment,
    stock_command,
)
from bench.targets import PROGRAMS, running
from bench.terminal import Screen
from tests.support.interpreters import interpreters, of_minors, python_version

__all__ = ["main"]

MINORS = ("3.11", "3.13")
FAILURES = (RuntimeError, OSError, EOFError, subprocess.SubprocessError)
IQDEBUG = [sys.executable, "-m", "iqdebug"]
DIAGNOSE_GOAL = 1.25  # of the bare client's time
SCREEN_GOAL = 0.6  # seconds
STEP_GOAL = 0.006  # seconds
MARK = "serve_forever"  # a function of each program
_ATTACHED = re.compile(r"running\s+for ")  # the status bar's words, only when attached
_TIMEOUT = 30.0
_RETRIES = 3  # stock debugpy fails to enter a busy process now and then


def command_times(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds until the command's first output, and until its end.

    :raises RuntimeError: it failed or took too long; the message has its last output.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [*IQDEBUG, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    output = b""
    first = 0.0
    try:
        while True:
            if not select.select([process.stdout], [], [], _TIMEOUT)[0]:
                raise RuntimeError(f"iqdebug {arguments[0]} said nothing for {_TIMEOUT:g} s")
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                break
            first = first or time.perf_counter() - started
            output += data
        code = process.wait(_TIMEOUT)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if code or MARK.encode() not in output:
        raise RuntimeError(f"iqdebug {arguments[0]} gave {code}: {output[-200:].decode(errors='replace')}")
    return first, time.perf_counter() - started


def diagnose(pid: int) -> dict[str, float]:
    first, whole = command_times(["diagnose", str(pid)])
    return {"iqdebug diagnose": whole, "iqdebug diagnose, first output": first}


def diagnose_at_once(pid: int) -> dict[str, float]:
    return {"iqdebug diagnose --seconds 0": command_times(["diagnose", "--seconds", "0", str(pid)])[1]}


def look(pid: int) -> dict[str, float]:
    return {"iqdebug peek": command_times(["peek", str(pid)])[1]}


def first_screen(pid: int) -> dict[str, float]:
    started = time.perf_counter()
    with Screen([*IQDEBUG, "attach", "--yes", str(pid)]) as screen:
        screen.wait_for(MARK, _TIMEOUT)
        painted = time.perf_counter() - started
        screen.wait_for(_ATTACHED, _TIMEOUT)
        attached = time.perf_counter() - started
    return {"iqdebug attach, first screen": painted, "iqdebug attach, attached": attached}


def bare(pid: int) -> dict[str, float]:
    started = time.perf_counter()
    with StockAttach(pid) as rival:
        stack = rival.first_stack()
        if not stack["body"]["stackFrames"]:
            raise RuntimeError("stock debugpy gave an empty stack")
        return {"bare debugpy client": time.perf_counter() - started}


def two_commands(tdb: str) -> Callable[[int], dict[str, float]]:
    def run(pid: int) -> dict[str, float]:
        port = free_port()
        started = time.perf_counter()
        subprocess.run(stock_command(pid, port), env=quiet_environment(), check=True, timeout=60, **SILENT)
        adapter = listener_on(port)
        try:
            with Screen([tdb, "-r", f"127.0.0.1:{port}"]) as screen:
                screen.wait_for(MARK, _TIMEOUT)
                return {"textual-debugger, two commands": time.perf_counter() - started}
        finally:
            if adapter is not None:
                adapter.kill()

    return run


def measure(
    python: str, program: str, contenders: Sequence[Callable[[int], dict[str, float]]], repetitions: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for repetition in range(-1, repetitions):
        for contender in contenders:
            with running(python, program) as pid:
                try:
                    measured = contender(pid)
                except FAILURES as error:
                    print(f"  a run of {contender.__name__} failed: {error}", flush=True)
                    continue
            for name, seconds in measured.items() if repetition >= 0 else ():
                times.setdefault(name, []).append(seconds)
    return times


def attach_table(python: str, program: str, times: dict[str, list[float]]) -> None:
    print(f"\n{python_version(python)}, {program}: from command to first stack")
    print(f"  {'':34}{'median s':>9}{'min':>7}{'max':>7}{'runs':>6}{'/ bare':>8}  goal")
    rival = statistics.median(times["bare debugpy client"]) if "bare debugpy client" in times else 0.0
    for name, values in times.items():
        median = statistics.median(values)
        ratio = median / rival if rival else float("nan")
        goal = ""
        if name == "iqdebug diagnose" and rival:
            goal = f"<= {DIAGNOSE_GOAL} of bare: {verdict(ratio <= DIAGNOSE_GOAL)}"
        elif name == "iqdebug attach, first screen":
            goal = f"<= {SCREEN_GOAL} s: {verdict(median <= SCREEN_GOAL)}"
        figures = f"{median:9.3f}{min(values):7.2f}{max(values):7.2f}{len(values):6}{ratio:8.2f}"
        print(f"  {name:34}{figures}  {goal}", flush=True)


def verdict(met: bool) -> str:
    return "met" if met else "NOT MET"


def bare_steps(python: str, steps: int) -> list[float]:
    for _ in range(_RETRIES):
        with running(python, "busy loop") as pid:
            try:
                return bare_steps_in(pid, steps)
            except FAILURES as error:
                print(f"  a run of bare_steps failed: {error}", flush=True)
    return []


def bare_steps_in(pid: int, steps: int) -> list[float]:
    times = []
    with StockAttach(pid) as rival:
        client: BareClient = rival.client
        client.request("pause", threadId=1)
        thread = client.event("stopped")["body"]["threadId"]
        for _ in range(steps):
            started = time.perf_counter()
            client.request("next", threadId=thread)
            client.event("stopped")
            stack = client.request("stackTrace", threadId=thread)["body"]["stackFrames"]
            scopes = client.request("scopes", frameId=stack[0]["id"])["body"]["scopes"]
            client.request("variables", variablesReference=scopes[0]["variablesReference"])
            times.append(time.perf_counter() - started)
        client.request("continue", threadId=thread)
    return times


def our_steps(pid: int, python: str, steps: int) -> list[float]:
    from bench.stepping import step_times

    return asyncio.run(step_times(pid, python_version(python), steps))


def step_table(python: str, steps: int) -> None:
    ours: list[float] = []
    rivals: list[float] = []
    for part in (steps // 2, steps - steps // 2):
        with running(python, "busy loop") as pid:
            ours += our_steps(pid, python, part)
        rivals += bare_steps(python, part)
    if not rivals:
        print(f"\n{python_version(python)}: no figure for a step: stock debugpy could not attach")
        return
    mine, bare_median = statistics.median(ours), statistics.median(rivals)
    print(f"\n{python_version(python)}: one step with stack, scopes and variables, {steps} steps each")
    print(
        f"  iqdebug {mine * 1000:.1f} ms, bare debugpy client {bare_median * 1000:.1f} ms, "
        f"ratio {mine / bare_median:.3f}; goal <= {STEP_GOAL * 1000:g} ms: {verdict(mine <= STEP_GOAL)}",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench attach", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", help="default: 3.11 and 3.13 where found")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--steps", type=int, default=200, help="0 leaves the steps out")
    parser.add_argument("--program", choices=PROGRAMS, action="append", help="default: each")
    parser.add_argument("--tdb", default=shutil.which("tdb"), help="textual-debugger's command")
    parser.add_argument("--only", action="append", help="part of a contender's function name")
    options = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    contenders: list[Callable[[int], dict[str, float]]] = [
        diagnose,
        bare,
        diagnose_at_once,
        look,
        first_screen,
    ]
    if options.tdb:
        contenders.append(two_commands(options.tdb))
    else:
        print("textual-debugger is left out: no `tdb` on PATH (pip install textual-debugger, --tdb PATH)")
    if options.only:
        contenders = [c for c in contenders if any(o in c.__qualname__ for o in options.only)]
    for python in options.pythons or of_minors(interpreters(), MINORS):
        for program in options.program or PROGRAMS:
            attach_table(python, program, measure(python, program, contenders, options.repetitions))
        if options.steps:
            step_table(python, options.steps)


if __name__ == "__main__":
    main()
