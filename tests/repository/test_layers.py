"""Rules about imports that the package's own contract cannot state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def modules() -> dict[str, Path]:
    """Of the package, by dotted name; a package goes by the name of its folder."""
    paths = (file.relative_to(ROOT).with_suffix("") for file in (ROOT / "iqdebug").rglob("*.py"))
    return {
        ".".join(path.parts).removesuffix(".__init__"): ROOT / path.with_suffix(".py")
        for path in paths
        if path.parts[-1].isidentifier()
    }


def imports_of(name: str, known: dict[str, Path]) -> set[str]:
    """The package's own modules that a module imports, also within functions and for type checking."""
    package = name if known[name].name == "__init__.py" else name.rpartition(".")[0]
    named: set[str] = set()
    for node in ast.walk(ast.parse(known[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                named.add(inner if inner in known else base)
    return (named & known.keys()) - {name}


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring, however long; [] when there are none."""
    remaining = {name: set(imported) for name, imported in graph.items()}
    while leaves := {name for name, imported in remaining.items() if not imported & remaining.keys()}:
        for name in leaves:
            del remaining[name]
    path: list[str] = []
    name = min(remaining, default="")
    while name and name not in path:
        path.append(name)
        name = min(remaining[name] & remaining.keys())
    return path[path.index(name) :] if path else []


def test_no_circle_of_modules() -> None:
    """Imports within functions count: they only hide a circle from Python."""
    known = modules()
    graph = {name: imports_of(name, known) for name in known}
    assert len(graph) > 300 and sum(map(len, graph.values())) > 1000
    assert circle_in(graph) == []


def test_circles_are_seen() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]


def test_imports_stand_at_the_top() -> None:
    """Of our own modules, but for what the start of the command line, a worker's library path and what runs
    inside programs need; each place says why."""
    within = {
        str(file.relative_to(ROOT / "iqdebug"))
        for file in (ROOT / "iqdebug").rglob("*.py")
        if file.relative_to(ROOT / "iqdebug").parts[0] not in ("agent", "capture", "pytest_plugin")
        for function in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "iqdebug"
    }
    assert within == {"__init__.py", "cli/on_demand.py", "crash/recorded_session.py", "llm/worker/serve.py"}


def test_only_its_own_tests_import_bench() -> None:
    """bench/ builds on tests/support; the other way round there would be a circle."""
    importers = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("*.py")
        if file.parent != ROOT / "tests" / "bench" and "programs" not in file.parts
        for name in imported(file)
        if name.split(".")[0] == "bench"
    }
    assert importers == set()


def test_bench_takes_from_the_tests_only_what_they_share() -> None:
    taken = {
        name for file in (ROOT / "bench").glob("*.py") for name in imported(file) if name.startswith("tests")
    }
    assert taken and all(name.startswith("tests.support.") for name in taken)


def test_each_room_has_its_tests() -> None:
    rooms = {folder.name for folder in (ROOT / "iqdebug").iterdir() if (folder / "__init__.py").is_file()}
    tested = {folder.name for folder in (ROOT / "tests").iterdir() if list(folder.glob("test_*.py"))}
    assert len(rooms) > 10 and rooms <= tested
