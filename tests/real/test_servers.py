"""Programs that run everywhere live the same life with iqdebug coming and going as left alone.

Two run in every suite, with the packages of the development environment; ``make test-real`` runs all.
"""

from __future__ import annotations

import sys

import pytest

from tests.real.environments import python_with
from tests.real.life import Program, lived

pytestmark = pytest.mark.slow

UVICORN = Program("uvicorn", ("-m", "uvicorn", "app_asgi:app", "--port", "{port}"), ("uvicorn",))
_GUNICORN = ("-m", "gunicorn", "-b", "127.0.0.1:{port}", "app_wsgi:app", "-k")
GUNICORN = Program("gunicorn", (*_GUNICORN, "sync"), ("gunicorn",))
PROGRAMS = (
    UVICORN,
    GUNICORN,
    Program("gunicorn gthread", (*_GUNICORN, "gthread", "--threads", "2"), ("gunicorn",)),
    Program("flask", ("-m", "flask", "--app", "app_flask", "run", "--port", "{port}"), ("flask",)),
    Program(
        "django", ("-m", "app_django", "runserver", "--noreload", "--skip-checks", "{port}"), ("django",)
    ),
    Program("twisted", ("-m", "app_twisted", "{port}"), ("twisted",)),
    Program("tornado", ("-m", "app_tornado", "{port}"), ("tornado",)),
    Program("aiohttp", ("-m", "app_aiohttp", "{port}"), ("aiohttp",)),
    Program("textual", ("-m", "app_textual", "{port}"), ("textual",), screen=True),
    Program("process pool", ("-m", "app_pool", "{port}", "process")),
    Program("thread pool and numpy", ("-m", "app_pool", "{port}", "thread"), ("numpy",)),
    Program(
        "celery",
        ("-m", "celery", "-A", "app_celery", "worker", "-c", "1", "--without-gossip", "--without-mingle"),
        ("celery",),
        client=("-m", "app_celery", "{port}"),
    ),
)


async def compared(python: str, program: Program) -> None:
    alone = await lived(python, program, debugged=False)
    debugged = await lived(python, program, debugged=True)
    assert debugged.answers == alone.answers
    assert debugged.log == alone.log
    assert (debugged.children, debugged.exit_code) == (alone.children, alone.exit_code)


@pytest.mark.parametrize("program", [UVICORN, GUNICORN], ids=lambda program: program.name)
async def test_the_common_servers(program: Program) -> None:
    await compared(sys.executable, program)


@pytest.mark.real
@pytest.mark.timeout(420)  # making an environment may take minutes, once
@pytest.mark.parametrize("minor", ["3.8", "3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
async def test_every_program(program: Program, minor: str) -> None:
    await compared(python_with(minor, *program.packages), program)
