"""What was started is started again, in a copy, from the copy, and ends for good."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.assistant.actions.edits import Hunk
from iqdebug.assistant.actions.execution import Failure, execute, failures_in
from iqdebug.assistant.actions.fix import propose
from iqdebug.assistant.actions.rerun import command_of_crash, command_of_process, project_root
from iqdebug.assistant.actions.scratch_copy import scratch_copy
from iqdebug.assistant.actions.verify import side_effects, verify
from iqdebug.core.errors import NotAvailable, UsageError
from iqdebug.core.messages import render
from iqdebug.crash import open_crash
from tests.assistant.recorded import record, record_example, record_text

pytestmark = pytest.mark.slow

PRICES = "def price(table, name):\n    return table[name] * 2\n"


def project(folder: Path) -> Path:
    """A package in a src layout that is installed in editable mode by a path file, with a test."""
    root = folder / "shop"
    (root / "src" / "shop").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (root / "src" / "shop" / "__init__.py").write_text("")
    (root / "src" / "shop" / "prices.py").write_text(PRICES)
    main = "from .prices import price\n\nif __name__ == '__main__':\n    print(price({'tea': 2}, 'cup'))\n"
    (root / "src" / "shop" / "__main__.py").write_text(main)
    test = "from shop.prices import price\n\n\ndef test_price():\n    assert price({'tea': 2}, 'cup') == 0\n"
    (root / "tests" / "test_prices.py").write_text(test)
    return root


def fix(root: Path) -> Hunk:
    return Hunk("src/shop/prices.py", ("return table[name] * 2",), ("return table.get(name, 0) * 2",))


async def test_a_module_of_a_src_layout_runs_from_the_copy(tmp_path: Path) -> None:
    root = project(tmp_path)
    case = record(root, "-m", "shop", environ={"PYTHONPATH": str(root / "src")})
    command = command_of_crash(case.crash)
    assert command.words[1:] == ("-m", "shop")
    assert command.source_folders[0] == str(root / "src")
    assert not command.why_not
    # As with an editable install, nothing but a path file knows where the package is.
    environ = {k: v for k, v in case.crash.environ.items() if k != "PYTHONPATH"}
    case = replace(case, crash=replace(case.crash, environ=environ))
    verified = await verify(case.crash, propose([fix(root)], str(root)), folder=tmp_path)
    assert verified.green, verified.lines()
    assert verified.after is not None and verified.after.output == "0\n"
    assert str(root / "src" / "shop" / "prices.py") in verified.before.output, "with the project's own paths"


async def test_a_test_is_run_again_as_a_test(tmp_path: Path) -> None:
    root = project(tmp_path)
    crashes = tmp_path / "crashes"
    environ = {**os.environ, "PYTHONPATH": str(root / "src")}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--iqdebug={crashes}", "tests"]
    done = await execute(words, str(root), environ, seconds=50)
    assert done.code == 1, done.output
    (path,) = crashes.glob("*.iqcrash")
    crash = open_crash(path)
    assert command_of_crash(crash).test == "tests/test_prices.py::test_price"
    verified = await verify(crash, propose([fix(root)], str(root)), folder=tmp_path)
    assert verified.green, verified.lines()
    assert "1 failed" in verified.before.output and verified.after is not None
    assert "1 passed" in verified.after.output


async def test_what_is_gone_already_proves_nothing(tmp_path: Path) -> None:
    case = record_text("import os\nos.stat('data.txt')\n", tmp_path)
    (case.root / "data.txt").write_text("here")
    (case.root / "program.py").write_text("import os\nos.stat('data.txt')\nx = 1\n")
    proposal = propose([Hunk("program.py", ("x = 1",), ("x = 2",))], str(case.root))
    verified = await verify(case.crash, proposal, folder=tmp_path)
    assert verified.verdict == "did not reproduce before" and not verified.green
    assert "ended well" in verified.words and "FileNotFoundError" in verified.words


async def test_a_fix_that_never_ends_is_ended(tmp_path: Path) -> None:
    case = record_text("def work(n):\n    return 1 / n\n\n\nwork(0)\n", tmp_path)
    loop = Hunk("program.py", ("    return 1 / n",), ("    while not n:", "        pass", "    return 1 / n"))
    verified = await verify(case.crash, propose([loop], str(case.root)), seconds=3, folder=tmp_path)
    assert verified.verdict == "timed out" and not verified.green


async def test_nothing_that_was_started_lives_on(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, sys, subprocess
        code = "import os, time; large = b'x' * 200_000_000; print(os.getpid(), flush=True); time.sleep(600)"
        child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=-1, stderr=-3)
        print(child.stdout.readline().decode().strip(), flush=True)
        """
    )
    done = await execute([sys.executable, "-c", script], str(tmp_path), dict(os.environ), seconds=30)
    assert done.code == 0 and done.seconds < 25
    # It is large, so that its end takes a while.
    pid = int(done.output)
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


async def test_a_cancelled_one_lives_on_neither(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code = f"import os, time; open({str(told)!r} + '.new', 'w').write(str(os.getpid())); "
    code += f"os.rename({str(told)!r} + '.new', {str(told)!r}); time.sleep(600)"
    task = asyncio.create_task(
        execute([sys.executable, "-c", code], str(tmp_path), dict(os.environ), seconds=600)
    )
    while not told.exists():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not Path(f"/proc/{told.read_text()}").exists()


async def test_long_output_is_cut_in_the_middle(tmp_path: Path) -> None:
    code = "print('first'); print('x' * 1_000_000); print('last')"
    done = await execute([sys.executable, "-c", code], str(tmp_path), dict(os.environ), seconds=30)
    assert done.output.startswith("first") and done.output.endswith("last\n")
    assert "bytes left out" in done.output and len(done.output) < 130_000


def test_masked_secrets_are_named_and_on_the_command_line_they_stop_it(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    secret = replace(case.crash, environ={**case.crash.environ, "API_TOKEN": "<masked>"})
    command = command_of_crash(secret)
    assert "API_TOKEN" not in command.environ
    assert any("API_TOKEN" in words for words in side_effects(command))
    words = (*case.crash.meta.argv, "--password", "<masked>")
    stopped = command_of_crash(replace(case.crash, meta=replace(case.crash.meta, argv=words)))
    assert "masked" in render(stopped.why_not)


@pytest.mark.parametrize("argv", [("-c",), ("",), ("-",), ("gone.py",)])
async def test_what_cannot_be_repeated_says_why(argv: tuple[str, ...], tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    crash = replace(case.crash, meta=replace(case.crash.meta, argv=argv))
    with pytest.raises(NotAvailable) as caught:
        await verify(crash, None, folder=tmp_path)
    assert caught.value.why


def test_another_interpreter_takes_the_place_of_one_that_is_gone(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    crash = replace(case.crash, meta=replace(case.crash.meta, executable="/gone/python3.9"))
    command = command_of_crash(crash)
    assert command.words[0] == sys.executable
    assert any("/gone/python3.9" in render(words) for words in command.warnings)


def test_of_a_stop_within_pytest_the_test_alone_is_run_again(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    (case.root / "test_it.py").write_text("")
    named = {**case.crash.environ, "PYTEST_CURRENT_TEST": "test_it.py::test_average[a (b)] (call)"}
    crash = replace(case.crash, environ=named)
    assert command_of_crash(crash).test == "", "a program that a test started"
    number, frame = next(iter(crash.frames.items()))
    crash = replace(crash, frames={**crash.frames, number: replace(frame, module="_pytest.python")})
    command = command_of_crash(crash)
    assert command.test == "test_it.py::test_average[a (b)]"
    assert command.words[-3:] == ("-m", "pytest", command.test)
    (case.root / "test_it.py").unlink()
    assert command_of_crash(crash).test == ""


def test_the_command_of_a_living_process(tmp_path: Path) -> None:
    command = command_of_process(
        ["python3", "a.py"], str(tmp_path), {"A": "1", "IQDEBUG_X": "2"}, "/usr/bin/python3"
    )
    assert command.words == ("/usr/bin/python3", "a.py") and command.environ == {"A": "1"}
    assert command_of_process([], str(tmp_path), {}).why_not


def test_the_copy_leaves_out_what_is_not_the_program(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref")
    (root / "env").mkdir()
    (root / "env" / "pyvenv.cfg").write_text("home = /usr")
    with open(root / "data.bin", "wb") as file:
        file.truncate(20 << 20)
    (root / "inner.py").symlink_to(root / "src" / "shop" / "prices.py")
    os.chmod(root / "pyproject.toml", 0o400)
    with scratch_copy(str(root), where=tmp_path) as scratch:
        copied = Path(scratch.folder)
        assert not (copied / ".git").exists() and not (copied / "env").exists()
        assert [render(each) for each in scratch.left_out] == ["Too large to be copied: data.bin (20 MiB)"]
        assert (copied / "inner.py").resolve() == (copied / "src" / "shop" / "prices.py").resolve()
        assert scratch.path(str(root / "src")) == str(copied / "src")
        assert scratch.path("/usr/lib") == "/usr/lib"
        (copied / "src" / "shop" / "prices.py").write_text("changed")
    assert not copied.exists()
    assert (root / "src" / "shop" / "prices.py").read_text() == PRICES


def test_a_whole_home_or_disk_is_not_copied() -> None:
    for folder in ("/", os.path.expanduser("~"), ""):
        with pytest.raises(UsageError), scratch_copy(folder):
            pass


def test_the_root_is_that_of_the_project(tmp_path: Path) -> None:
    root = project(tmp_path)
    case = record(root, "-m", "shop", environ={"PYTHONPATH": str(root / "src")}, cwd=tmp_path)
    assert project_root(case.crash) == str(root)


def test_tracebacks_are_read_from_text() -> None:
    text = textwrap.dedent(
        """\
        Traceback (most recent call last):
          File "/srv/app.py", line 3, in load
            return rows["a"]
        KeyError: 'a'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/srv/app.py", line 9, in main
            load()
          File "/usr/lib/python3.11/json/decoder.py", line 9, in decode
            raise X
        __main__.Failed: it: failed
        done: no error
        """
    )
    assert failures_in(text) == [Failure("Failed", "main", "it: failed"), Failure("KeyError", "load", "'a'")]
