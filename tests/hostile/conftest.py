"""The option ``--n``, cases of each fuzzer (``pytest tests/hostile -k fuzz --n 20000``), and fixtures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tiny_model import write_tiny

FUZZ_CASES = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--n", dest="fuzz_cases", type=int, default=FUZZ_CASES, help="cases of each fuzzer")


@pytest.fixture
def fuzz_cases(request: pytest.FixtureRequest) -> int:
    """The number of cases; the test's time limit grows with it."""
    count = int(request.config.getoption("fuzz_cases", FUZZ_CASES))
    request.applymarker(pytest.mark.timeout(60 + count // 5))
    return count


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder with a short name that every user may enter and list."""
    folder = Path(tempfile.mkdtemp(prefix="iqd-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "tiny.gguf")
