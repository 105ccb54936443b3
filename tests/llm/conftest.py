"""One tiny model a session, and a worker that runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from iqdebug.llm.backends.local import LoadOptions, LocalBackend
from tests.support.tiny_model import write_tiny

WINDOW = 2048


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


def options_for(model: Path, **others: object) -> LoadOptions:
    plan = {"n_ctx": WINDOW, "n_batch": 64, "n_ubatch": 64, "n_threads": 1, **others}
    return LoadOptions(model=str(model), **plan)  # type: ignore[arg-type]


MakeBackend = Callable[..., LocalBackend]


@pytest.fixture
async def make_backend(tiny_model: Path, tmp_path: Path) -> AsyncIterator[MakeBackend]:
    """Makes backends that are closed at the end; keywords are those of LoadOptions and LocalBackend."""
    made: list[LocalBackend] = []

    def make(model: Path = tiny_model, template: str | None = None, **others: object) -> LocalBackend:
        log_file = tmp_path / f"worker{len(made)}.log"
        backend = LocalBackend(
            f"llama:{model}", options_for(model, **others), template=template, log_file=log_file
        )
        made.append(backend)
        return backend

    yield make
    for backend in made:
        await backend.close()


@pytest.fixture
async def backend(make_backend: MakeBackend) -> LocalBackend:
    """The tiny model, loaded."""
    one = make_backend()
    await one.start()
    return one
