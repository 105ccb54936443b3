"""How well `iqdebug diagnose` finds the true cause of real crashes, compared with naive baselines.

Usage: python -m bench localisation --cases DIR [--budget TOKENS ...] [--ids ID ...]

DIR holds ``cases/*/case.json`` (the truth), a trigger and requirements each, and ``localise.py``,
whose ``environment``, ``relative``, ``span`` and ``legible`` build the environments and judge. Each
case is run through ``iqdebug diagnose --json --budget TOKENS --python PY -- trigger.py``.

Printed: function-level top-1/3/5, line-level top-5, source and value recall of the evidence, for
all cases, by where the cause lies, and for two halves of the cases (by a hash of their ids): a
rule that helps one half alone was tuned to it. Baselines, from the same runs: the innermost frame
outside the standard library, and the frames from the innermost outwards.
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["diagnosed", "environ_of", "half", "judge_of", "main"]

Place = tuple[str, int, str]
BUDGETS = (4_000, 16_000, 64_000)


@dataclass(frozen=True, slots=True)
class Score:
    """Ranks count from 1; 0 is a miss. ``value`` is None where the case names no value."""

    function: int
    line: int
    source: bool = False
    value: bool | None = None


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    locus: str
    scores: dict[str, Score]  # by ranking: "iqdebug 16000", "innermost", "outwards"


def judge_of(folder: Path) -> ModuleType:
    """The module ``localise.py`` of that folder."""
    spec = importlib.util.spec_from_file_location("localise", folder / "localise.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"there is no localise.py in {folder}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environ_of(work: Path) -> dict[str, str]:
    """An environment in which a trigger does the same each time and leaves nothing outside ``work``."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "XDG_STATE_HOME")}
    return {
        **kept,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(work),
        "XDG_CACHE_HOME": str(work),
        "PYTHONWARNINGS": "ignore",
    }


def diagnosed(python: str, work: Path, budget: int) -> dict[str, Any]:
    """What ``iqdebug diagnose --json`` says of ``work``'s trigger.py; the crash file is left in there."""
    iqdebug = [sys.executable, "-m", "iqdebug", "diagnose", "--json", "--budget", str(budget)]
    root = str(Path(__file__).resolve().parent.parent)
    done = subprocess.run(
        [*iqdebug, "--python", python, "--", "trigger.py"],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=work,
        env={**environ_of(work), "PYTHONPATH": root},
        timeout=180,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _score(judge: ModuleType, case: dict[str, Any], home: Path, places: Sequence[Place], shown: str) -> Score:
    functions: list[int] = []
    lines: list[int] = []
    source = False
    for truth in case["truth"]:
        path = next(iter(glob.glob(str(home / "lib/python3*/site-packages" / truth["file"]))), None)
        text = Path(path).read_text(errors="replace").split("\n") if path else []
        where = judge.span("\n".join(text), truth["function"]) if text else None
        wanted = set(truth["lines"]) | set(truth.get("inserted_before", []))
        cause_lines = [text[n - 1].strip() for n in truth["lines"] if 0 < n <= len(text)]
        source |= any(t and t in shown for t in cause_lines)
        for rank, (file, line, function) in enumerate(places[:10], 1):
            if judge.relative(file, home) != truth["file"]:
                continue
            inside = where is not None and where[0] <= line <= where[1]
            if inside or function.replace(".<locals>", "") == truth["function"]:
                functions.append(rank)
            if line in wanted:
                lines.append(rank)
    decisive = [d for d in case.get("decisive", []) if "value" in d]
    value = any(judge.legible(shown, d) for d in decisive) if decisive else None
    return Score(min(functions, default=0), min(lines, default=0), source, value)


def _baselines(frames: Iterable[dict[str, Any]]) -> dict[str, list[Place]]:
    outwards = [(f["file"], f["line"], f["function"]) for f in frames if f["kind"] != "stdlib"]
    return {"innermost": outwards[:1], "outwards": outwards}


def _row(judge: ModuleType, folder: Path, budgets: Sequence[int]) -> Row:
    case = json.loads((folder / "case.json").read_text())
    home = judge.environment(folder, case["python"])
    scores: dict[str, Score] = {}
    for budget in budgets:
        with tempfile.TemporaryDirectory() as work:
            shutil.copy(folder / "trigger.py", work)
            report = diagnosed(str(home / "bin/python"), Path(work), budget)
        places = [(s["file"], s["line"], s["function"]) for s in report["suspects"]]
        scores[f"iqdebug {budget}"] = _score(judge, case, home, places, report["evidence"]["text"])
        if "innermost" not in scores:
            for name, listed in _baselines(report["frames"]).items():
                scores[name] = _score(judge, case, home, listed, "")
    return Row(case["id"], case["locus"], scores)


def _line(label: str, scores: Sequence[Score]) -> str:
    count = len(scores) or 1
    top = [sum(0 < s.function <= k for s in scores) / count for k in (1, 3, 5)]
    line = sum(0 < s.line <= 5 for s in scores) / count
    values = [s.value for s in scores if s.value is not None]
    value = sum(values) / max(len(values), 1)
    recall = f"  source {sum(s.source for s in scores) / count:4.0%}  value {value:4.0%}"
    return (
        f"{label:34} n={len(scores):3}  function top-1/3/5 {top[0]:4.0%} {top[1]:4.0%} {top[2]:4.0%}"
        f"  line top-5 {line:4.0%}{recall if any(s.source for s in scores) else ''}"
    )


def table(rows: Sequence[Row]) -> list[str]:
    """The printed lines for finished cases."""
    if not rows:
        return ["no case was run"]
    rankings = list(rows[0].scores)
    lines = [_line(name, [r.scores[name] for r in rows]) for name in rankings]
    ours = next(n for n in rankings if n.startswith("iqdebug"))
    ours = "iqdebug 16000" if "iqdebug 16000" in rankings else ours
    groups: dict[str, Callable[[Row], bool]] = {
        "half A": lambda r: half(r.id) == 0,
        "half B": lambda r: half(r.id) == 1,
    }
    for locus in sorted({r.locus for r in rows}):
        groups[locus] = lambda r, locus=locus: r.locus == locus  # type: ignore[misc]
    for name, chosen in groups.items():
        lines.append(_line(f"  {name}", [r.scores[ours] for r in rows if chosen(r)]))
    return lines


def half(case_id: str) -> int:
    """0 or 1, by a hash."""
    return hashlib.sha256(case_id.encode()).digest()[0] % 2


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR")
    parser.add_argument("--budget", type=int, nargs="*", default=list(BUDGETS), metavar="TOKENS")
    parser.add_argument("--ids", nargs="*", metavar="ID")
    options = parser.parse_args(arguments)
    judge = judge_of(options.cases)
    rows = []
    for path in sorted((options.cases / "cases").glob("*/case.json")):
        if options.ids and path.parent.name not in options.ids:
            continue
        try:
            rows.append(_row(judge, path.parent, options.budget))
        except (RuntimeError, ValueError, subprocess.SubprocessError) as error:
            print(f"skipped {path.parent.name}: {error}", file=sys.stderr)
    print("\n".join(table(rows)))
    return 0
