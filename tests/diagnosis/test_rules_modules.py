"""Modules that hide, miss, or outgrow each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from iqdebug.core.state import Anomaly, ExceptionInfo, Frame
from iqdebug.diagnosis.rules import Facts, find_anomalies
from iqdebug.diagnosis.rules.renamed import DISTRIBUTIONS, GONE
from iqdebug.diagnosis.source.texts import Texts
from tests.conftest import EXAMPLES
from tests.dap.targets import on_pythons
from tests.support.anomalous import found_by

APP = Frame("<module>", "/srv/app/main.py", 3)
SITE = "/venv/lib/python3.12/site-packages/"


def said(
    kind: str, message: str, *frames: Frame, sources: dict[str, str] | None = None, **facts: object
) -> list[Anomaly]:
    known = replace(Facts(cwd="/srv/app", argv=("main.py",)), **facts)  # type: ignore[arg-type]

    def read(path: str) -> Sequence[str]:
        return (sources or {}).get(path, "").splitlines()

    return find_anomalies(frames or (APP,), ExceptionInfo(kind, message), Texts(read), known)


def kinds(found: list[Anomaly]) -> list[str]:
    return [a.kind for a in found]


@on_pythons("3.8", "3.11", "3.14")
def test_a_file_that_hides_a_module(python: str, tmp_path: Path) -> None:
    program = EXAMPLES / "shadowed_module" / "main.py"
    found = found_by(program, tmp_path, python, path_exists=lambda path: Path(path).exists())
    one = found.one("hidden-module")
    assert one.line == found.line("fails")
    assert "shadowed_module/statistics.py is named like the module `statistics`" in one.text


def test_what_is_on_disk_may_be_of_another_machine() -> None:
    message = "module 'random' has no attribute 'choice'"
    assert said("AttributeError", message) == []
    here = said("AttributeError", message, path_exists=lambda path: path == "/srv/app/random.py")
    assert kinds(here) == ["hidden-module"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ImportError", "cannot import name 'choice' from 'random' (/srv/app/random.py)"),
        (
            "AttributeError",
            "module 'random' has no attribute 'choice' (consider renaming '/srv/app/random.py' since it "
            "has the same name as the standard library module named 'random' and prevents importing that)",
        ),
        (
            "AttributeError",
            "partially initialized module 'json' has no attribute 'loads' "
            "(consider renaming '/srv/app/json.py')",
        ),
    ],
)
def test_the_message_names_the_file(kind: str, message: str) -> None:
    (one,) = said(kind, message)
    assert one.kind == "hidden-module" and one.weight == 0.9 and "/srv/app/" in one.text


def test_a_module_that_is_no_package() -> None:
    message = "No module named 'email.mime'; 'email' is not a package"
    mine = Frame("<module>", "/srv/app/email.py", 1)
    assert kinds(said("ModuleNotFoundError", message, mine)) == ["hidden-module"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ImportError", "cannot import name 'nope' from 'json' (/usr/lib/python3.12/json/__init__.py)"),
        ("AttributeError", "module 'random' has no attribute 'chioce'"),
        ("ImportError", "cannot import name 'User' from 'models' (/srv/app/models.py)"),
    ],
)
def test_the_true_module_hides_nothing(kind: str, message: str) -> None:
    assert "hidden-module" not in kinds(said(kind, message))


def test_a_circle_of_imports(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("import basket\n\nPRICE = 1\n")
    (tmp_path / "basket.py").write_text("from shop import PRICE\n")
    (tmp_path / "main.py").write_text("import shop  # @start\n")
    one = found_by(tmp_path / "main.py", tmp_path).one("circular-import")
    assert (Path(one.path).name, one.line, one.weight) == ("basket.py", 1, 0.9)
    assert "`shop` is still being imported (line 1 of shop.py led here)" in one.text


def test_a_name_that_is_not_in_the_module_is_no_circle(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("PRICES = 1\n")
    (tmp_path / "main.py").write_text("from shop import PRICE  # @here\n")
    found = found_by(tmp_path / "main.py", tmp_path)
    assert "circular-import" not in found.kinds


def test_a_name_of_an_import_that_is_nearly_there() -> None:
    message = "cannot import name 'find_usr' from 'shop' (/srv/app/shop.py)"
    sources = {"/srv/app/shop.py": "def find_user():\n    pass\n"}
    (one,) = said("ImportError", message, sources=sources)
    assert one.kind == "near-name" and "`find_user`" in one.text
    other = {"/srv/app/shop.py": "def basket():\n    pass\n"}
    assert said("ImportError", message, sources=other) == []


def test_names_that_went_with_a_version() -> None:
    message = "cannot import name 'Mapping' from 'collections' (/usr/lib/python3.12/collections/__init__.py)"
    (one,) = said("ImportError", message, python="3.12.1")
    assert (one.kind, one.weight) == ("renamed", 0.9)
    assert (
        one.text == "`collections.Mapping` is gone since Python 3.10 (3.12.1 is installed): collections.abc"
    )
    assert said("ImportError", message)[0].weight == 0.6
    assert said("ImportError", message, python="3.9.2") == []
    numpy = "module 'numpy' has no attribute 'float'"
    assert kinds(said("AttributeError", numpy, distributions=(("numpy", "1.26.4"),))) == ["renamed"]
    assert said("AttributeError", numpy, distributions=(("numpy", "1.19.0"),)) == []
    frame = "'DataFrame' object has no attribute 'append'"
    assert kinds(said("AttributeError", frame, distributions=(("pandas", "2.2.0"),))) == ["renamed"]
    gone = said("ModuleNotFoundError", "No module named 'distutils.util'", python="3.12.0")
    assert kinds(gone) == ["renamed"] and "`distutils`" in gone[0].text


def test_the_table_of_renamed_names_is_well_formed() -> None:
    assert len(GONE) > 150
    assert all(owner and version[0].isdigit() and instead for owner, version, instead in GONE.values())
    assert all(DISTRIBUTIONS.values())


def test_a_module_that_is_not_installed() -> None:
    listed = (("requests", "2.31.0"), ("PyYAML", "6.0"))
    (one,) = said("ModuleNotFoundError", "No module named 'PIL'", distributions=listed)
    assert (one.kind, one.weight) == ("not-installed", 0.9) and "Pillow" in one.text
    (near,) = said("ModuleNotFoundError", "No module named 'reqeusts'", distributions=listed)
    assert near.kind == "near-name" and "`requests`" in near.text
    (weak,) = said("ModuleNotFoundError", "No module named 'polars'", distributions=listed)
    assert weak.weight == 0.3
    assert said("ModuleNotFoundError", "No module named 'polars'") == []
    assert said("ModuleNotFoundError", "No module named 'yaml'", distributions=listed) == []


def test_code_and_metadata_of_two_versions() -> None:
    inside = Frame("get", SITE + "requests/api.py", 1, kind="library")
    sources = {SITE + "requests/__init__.py": "import x\n__version__ = '2.19.1'\n"}
    other = (("requests", "2.31.0"),)
    found = said("ValueError", "x", inside, APP, sources=sources, distributions=other)
    assert kinds(found) == ["version-mismatch"]
    assert "version 2.19.1, and its metadata says 2.31.0" in found[0].text
    for version in ("2.19.1", "2.19", "2.19.1.dev0+g12", ""):
        same = (("requests", version),)
        assert said("ValueError", "x", inside, APP, sources=sources, distributions=same) == []
