"""Folders for temporary files that cannot hold the socket, or where another user could replace it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from iqdebug.core.errors import CannotAttach
from iqdebug.dap import meeting_folder
from iqdebug.dap.meeting_folder import MAX_SOCKET_NAME
from iqdebug.dap.rendezvous import Rendezvous
from tests.dap.targets import attached, on_pythons, running

pytestmark = pytest.mark.slow


def met_in(folder: Path, uid: int | None = None) -> Path:
    """The folder of the socket if the folder for temporary files is that one."""
    meeting = Rendezvous(os.getpid(), os.geteuid() if uid is None else uid)
    try:
        assert len(os.fsencode(meeting.path)) <= MAX_SOCKET_NAME
        assert meeting.path.is_socket() and meeting.folder.stat().st_uid == os.geteuid()
        return meeting.folder.parent
    finally:
        meeting.close()
        assert not meeting.folder.exists()


@pytest.fixture
def own(public: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = public / "own"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_usual_folder_is_used(own: Path) -> None:
    assert met_in(own) == own


def test_a_folder_whose_name_is_too_long_for_a_socket(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = own / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert met_in(long) in (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
    assert list(long.iterdir()) == []


@pytest.mark.parametrize("name", ["two\nlines", "sur\udcffrogate"])
def test_a_folder_whose_name_cannot_be_passed_on(
    own: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    odd = own / name
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    assert met_in(odd) != odd


def test_a_folder_in_which_others_could_replace_ours(own: Path) -> None:
    own.chmod(0o777)
    assert met_in(own) != own
    own.chmod(0o1777)
    assert met_in(own) == own


def test_a_folder_that_is_gone_or_is_a_file(own: Path) -> None:
    own.rmdir()
    assert met_in(own) != own
    own.write_text("")
    assert met_in(own) != own


@pytest.mark.skipif(os.geteuid() != 0, reason="only root debugs other users' processes")
def test_a_folder_that_the_other_user_cannot_enter(own: Path) -> None:
    assert met_in(own, uid=65534) != own


def test_without_a_suitable_folder_there_is_a_message(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting_folder, "_candidates", lambda: iter(["/not-there"]))
    with pytest.raises(CannotAttach) as caught:
        Rendezvous(os.getpid(), os.geteuid())
    assert "not-there" in caught.value.why and "TMPDIR" in caught.value.fix


@on_pythons("3.11")
async def test_a_session_under_a_long_name(python: str, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = own / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    async with running(python, "service.py") as target:
        async with attached(target):
            await target.goes_on()
        assert target.stderr == b""


def test_the_commands_print_no_traceback(tmp_path: Path) -> None:
    for folder in (tmp_path / ("x" * 120), tmp_path / "not-there"):
        folder.parent.mkdir(exist_ok=True)
        environ = {**os.environ, "TMPDIR": str(folder)}
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as target:
            done = subprocess.run(
                [sys.executable, "-m", "iqdebug", "diagnose", str(target.pid), "--seconds", "0"],
                capture_output=True,
                text=True,
                timeout=60,
                env=environ,
            )
            target.kill()
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        assert "attached" in done.stdout
        shutil.rmtree(folder, ignore_errors=True)
