"""Repositories that name programs wherever git allows it: no caller of git runs one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iqdebug.capture import environment
from iqdebug.capture.git import Repository
from iqdebug.crash.recorded_session import RecordedSession
from iqdebug.system.line_changes import Changes
from tests.assistant.recorded import record
from tests.assistant.targets import Bench

pytestmark = pytest.mark.slow

PROGRAM = "def add(one, other):\n    return one + other\n\n\nadd(1, None)\n"
HOOKS = (
    "post-index-change",
    "fsmonitor-watchman",
    "query-watchman",
    "reference-transaction",
    "post-checkout",
)

ATTACKS: dict[str, dict[str, str]] = {
    "textconv": {"diff.evil.textconv": "PROGRAM"},
    "driver": {"diff.evil.command": "PROGRAM"},
    "external diff": {"diff.external": "PROGRAM"},
    "clean filter": {"filter.evil.clean": "PROGRAM", "filter.evil.required": "true"},
    "smudge filter": {"filter.evil.smudge": "PROGRAM", "filter.evil.process": "PROGRAM"},
    "file monitor": {"core.fsmonitor": "PROGRAM"},
    "file monitor, old": {"core.fsmonitor": "PROGRAM", "core.fsmonitorHookVersion": "1"},
    "hooks": {"core.hooksPath": "HOOKS"},
    "pagers": {
        "core.pager": "PROGRAM",
        "pager.log": "PROGRAM",
        "pager.blame": "PROGRAM",
        "pager.diff": "PROGRAM",
    },
    "signature": {"log.showSignature": "true", "gpg.program": "PROGRAM", "gpg.openpgp.program": "PROGRAM"},
    "aliases": {"alias.log": "!PROGRAM", "alias.blame": "!PROGRAM", "alias.ls-files": "!PROGRAM"},
    "commands": {
        "core.sshCommand": "PROGRAM",
        "core.editor": "PROGRAM",
        "core.askPass": "PROGRAM",
        "core.alternateRefsCommand": "PROGRAM",
        "core.gitProxy": "PROGRAM",
        "credential.helper": "!PROGRAM",
        "interactive.diffFilter": "PROGRAM",
        "merge.evil.driver": "PROGRAM",
    },
    "fetching what is missing": {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "evil",
        "remote.evil.url": "ext::QUICK",
        "remote.evil.promisor": "true",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
    },
    "included": {"include.path": "INCLUDED"},
    "with an equals sign": {"filter.a=b.clean": "PROGRAM", "diff.a=b.textconv": "PROGRAM"},
}


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
    )
    return done.stdout


class Trap:
    """A repository with a file of three commits, a change that is not committed, and a program that
    leaves a mark."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "ran"
        self.program = folder / "evil.sh"
        self.program.write_text(f"#!/bin/sh\ntouch {self.mark}\ncat\n")
        self.program.chmod(0o755)
        self.quick = folder / "quick.sh"  # answers nothing, so that nobody waits for it
        self.quick.write_text(f"#!/bin/sh\ntouch {self.mark}\n")
        self.quick.chmod(0o755)
        self.root = folder / "repo"
        self.root.mkdir()
        self.file = self.root / "orders.py"
        git(self.root, "init", "-q")
        for text in ("", "# two\n", PROGRAM):
            self.file.write_text(text)
            git(self.root, "add", ".")
            git(self.root, "commit", "-qm", f"now {len(text)}")
        self.file.write_text(PROGRAM + "# not committed\n")

    def set(self, attack: str) -> None:
        for hook in HOOKS:
            for hooks in (self.root / ".git" / "hooks", self.root.parent / "hooks"):
                hooks.mkdir(exist_ok=True)
                shutil.copy(self.program, hooks / hook)
        (self.root.parent / "included").write_text(
            f'[filter "evil"]\nclean = {self.program}\n[diff "evil"]\ntextconv = {self.program}\n'
            f"[core]\nfsmonitor = {self.program}\n"
        )
        driver = "a=b" if "equals" in attack else "evil"
        (self.root / ".gitattributes").write_text(f"* diff={driver} filter={driver} merge={driver}\n")
        if attack == "signature":
            self._sign()
        if attack == "fetching what is missing":
            self._lose_an_object()
        for name, value in ATTACKS[attack].items():
            value = value.replace("QUICK", str(self.quick))
            value = value.replace("PROGRAM", str(self.program)).replace(
                "HOOKS", str(self.root.parent / "hooks")
            )
            git(self.root, "config", name, value.replace("INCLUDED", str(self.root.parent / "included")))
        self.mark.unlink(missing_ok=True)

    def _sign(self) -> None:
        head, _, text = git(self.root, "cat-file", "commit", "HEAD").partition("\n\n")
        signed = (
            f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n{text}"
        )
        path = self.root.parent / "commit"
        path.write_text(signed)
        git(
            self.root,
            "reset",
            "-q",
            "--soft",
            git(self.root, "hash-object", "-t", "commit", "-w", str(path)).strip(),
        )

    def _lose_an_object(self) -> None:
        blob = git(self.root, "rev-parse", "HEAD:orders.py").strip()
        (self.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    @property
    def sprung(self) -> bool:
        was_run = self.mark.exists()
        self.mark.unlink(missing_ok=True)
        return was_run

    def ask_as_anybody_would(self) -> None:
        for words in (
            ["blame", "orders.py"],
            ["log", "-p"],
            ["diff", "HEAD"],
            ["log", "-L1,1:./orders.py"],
            ["status"],
        ):
            subprocess.run(["git", "-C", str(self.root), *words], capture_output=True, timeout=20)


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


@pytest.mark.parametrize(
    "attack",
    [
        "textconv",
        "driver",
        "external diff",
        "clean filter",
        "file monitor",
        "signature",
        "fetching what is missing",
        "included",
        "with an equals sign",
        "hooks",
    ],
)
def test_the_traps_work(trap: Trap, attack: str) -> None:
    trap.set(attack)
    trap.ask_as_anybody_would()
    assert trap.sprung


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_caller_runs_the_named_program(trap: Trap, attack: str) -> None:
    trap.set(attack)
    change = Changes()(str(trap.file), 2)
    assert not trap.sprung, "which lines changed of late"
    recorded = environment.git(str(trap.root))
    assert not trap.sprung, "recording"
    if attack not in ("with an equals sign", "fetching what is missing"):  # those are not asked, or not whole
        assert change is not None and change.days_ago in (0, None)
        assert recorded is not None and "+# not committed" in recorded["diff"]
        assert recorded["branch"] in ("master", "main") and len(recorded["revision"]) == 40
    bench = await _bench(trap)
    history = await bench.call("git_history", path=str(trap.file), line=2)
    assert not trap.sprung, "git_history"
    result = await bench.call("search", text="one + other")
    assert not trap.sprung and "orders.py:2" in result.text
    if attack not in ("with an equals sign", "fetching what is missing"):
        assert "now" in history.text, history.text


async def _bench(trap: Trap) -> Bench:
    crash = record(trap.root, "orders.py").crash
    assert not trap.sprung, "a program that crashes in the repository"
    return Bench(
        RecordedSession(crash),
        read_source=crash.read_source,
        recorded=tuple(crash.sources),
        project=trap.root,
    )


@pytest.mark.parametrize("attack", ["textconv", "clean filter", "included"])
def test_diagnose_in_the_repository_runs_no_named_program(trap: Trap, attack: str) -> None:
    crash = record(trap.root, "orders.py").crash
    trap.set(attack)
    done = _diagnose(crash.path, trap.root)
    assert done["exception"]["type"] == "TypeError" and not trap.sprung
    elsewhere = trap.root.parent / "elsewhere"
    elsewhere.mkdir()
    assert _diagnose(crash.path, elsewhere)["exception"]["type"] == "TypeError" and not trap.sprung


def _diagnose(path: Path, cwd: Path) -> dict[str, dict[str, str]]:
    root = str(Path(__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, "-m", "iqdebug", "diagnose", str(path), "--json"]
    done = subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=50, check=True
    )
    variables: dict[str, dict[str, str]] = json.loads(done.stdout)
    return variables


def test_a_submodules_file_monitor_is_not_run(trap: Trap) -> None:
    other = trap.root.parent / "other"
    shutil.copytree(trap.root, other)
    git(trap.root, "submodule", "--quiet", "add", str(other), "sub")
    git(trap.root, "commit", "-qm", "with a submodule")
    git(trap.root / "sub", "config", "core.fsmonitor", str(trap.program))
    (trap.root / "sub" / "orders.py").write_text("changed\n")
    subprocess.run(["git", "-C", str(trap.root), "diff", "HEAD"], capture_output=True)
    assert trap.sprung
    environment.git(str(trap.root))
    Changes()(str(trap.file), 2)
    assert not trap.sprung


def test_no_program_named_git_in_the_working_folder_is_started(
    trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(trap.program, trap.root / "git")
    monkeypatch.chdir(trap.root)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", os.environ["PATH"]]))
    assert environment.git(str(trap.root)) is not None
    assert Changes()(str(trap.file), 2)
    assert not trap.sprung


def test_programs_named_in_the_environment_are_not_run(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR"):
        monkeypatch.setenv(name, str(trap.program))
    assert environment.git(str(trap.root)) is not None and Changes()(str(trap.file), 2)
    assert not trap.sprung


def test_a_repository_of_another_user_is_refused(trap: Trap) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository to another user")
    subprocess.run(["chown", "-R", "12345", str(trap.root)], check=True)
    assert environment.git(str(trap.root)) is None and Changes()(str(trap.file), 2) is None


def test_files_of_another_worktree_are_not_recorded(trap: Trap, tmp_path: Path) -> None:
    """`core.worktree` would make git compare another folder's files, and their text would be recorded."""
    private = tmp_path / "private"
    private.mkdir()
    (private / "orders.py").write_text("the diary\n")
    git(trap.root, "config", "core.worktree", str(private))
    assert "diary" not in json.dumps(environment.git(str(trap.root)))


def test_an_answer_is_bounded_in_size_and_time(trap: Trap) -> None:
    (trap.root / "large.txt").write_text("line\n" * 400_000)
    git(trap.root, "add", ".")
    repository = Repository(str(trap.root))
    assert len(repository.run("diff", "HEAD", seconds=10.0, most=1_000) or "") == 1_000
    assert repository.run("diff", "HEAD", seconds=0.0) is None


def test_a_bare_repository_inside_the_tree_is_not_used(trap: Trap) -> None:
    """A folder laid out like a repository has its own configuration."""
    bare = trap.root / "data"
    git(trap.root, "clone", "-q", "--bare", str(trap.root), str(bare))
    (bare / "config").write_text(f"[core]\nbare = false\nworktree = {bare}\nfsmonitor = {trap.program}\n")
    (bare / "x.py").write_text("x\n")
    trap.mark.unlink(missing_ok=True)
    assert Repository(str(bare)).run("ls-files", "--others", seconds=5.0) is None
    assert not trap.sprung
