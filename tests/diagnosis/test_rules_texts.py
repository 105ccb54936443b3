"""Numbers, dates, JSON, encodings, paths and the environment: what of a text is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.core.messages import render
from iqdebug.diagnosis.rules.parsing import _left_format, _number_fault
from tests.support.anomalous import found_in

pytestmark = pytest.mark.slow

SPEAKING = {
    "a unit": (
        "unreadable-number",
        "`text` is '12 kg': 'k' at position 3 does not belong",
        """
        def weight(text):
            return int(text)  # @here
        weight("12 kg")
        """,
    ),
    "a decimal comma": (
        "unreadable-number",
        "`row['price']` is '1,5': it has a decimal comma",
        """
        row = {"price": "1,5"}
        float(row["price"])  # @here
        """,
    ),
    "a date of another order": (
        "unreadable-date",
        "`%m` does not fit '31' at position 5",
        """
        from datetime import datetime
        def day(text):
            return datetime.strptime(text, "%Y-%m-%d")  # @here
        day("2024-31")
        """,
    ),
    "a time behind the date": (
        "unreadable-date",
        "' 10:30' is left over",
        """
        import datetime
        def day(text):
            return datetime.datetime.strptime(text, "%Y-%m-%d")  # @here
        day("2024-01-02 10:30")
        """,
    ),
    "an empty answer": (
        "unreadable-json",
        "the text is empty",
        """
        import json
        def parse(body):
            return json.loads(body)  # @here
        parse("")
        """,
    ),
    "a page": (
        "unreadable-json",
        "the text is HTML or XML",
        """
        import json
        def parse(body):
            return json.loads(body)  # @here
        parse("<html>not found</html>")
        """,
    ),
    "a Python value": (
        "unreadable-json",
        "single quotes",
        """
        import json
        def parse(body):
            return json.loads(body)  # @here
        parse("{'a': 1}")
        """,
    ),
    "two documents": (
        "unreadable-json",
        "a second value follows the first",
        """
        import json
        def parse(body):
            return json.loads(body)  # @here
        parse('{"a": 1}\\n{"a": 2}')
        """,
    ),
    "cut off": (
        "unreadable-json",
        "the text ends in the middle",
        """
        import json
        def parse(body):
            return json.loads(body)  # @here
        parse('{"a": [1, 2')
        """,
    ),
    "Latin letters": (
        "encoding",
        "at position 3 is no utf-8 (in b'caf\\xe9 au lai'): Latin-1 and Windows-1252 have 'é' there",
        """
        def text(data):
            return data.decode("utf-8")  # @here
        text(b"caf\\xe9 au lait")
        """,
    ),
    "compressed": (
        "encoding",
        "gzip data",
        """
        def text(data):
            return data.decode()  # @here
        text(b"\\x1f\\x8b\\x08\\x00")
        """,
    ),
    "a file without an encoding": (
        "encoding",
        "line 5 names no `encoding`",
        """
        import os, tempfile
        path = os.path.join(tempfile.mkdtemp(), "x")
        open(path, "wb").write(b"caf\\xe9 au lait")
        def text(path):
            with open(path) as file:
                return file.read()  # @here
        text(path)
        """,
    ),
    "written in ASCII": (
        "encoding",
        "is not in ascii",
        """
        def write(text):
            return text.encode("ascii")  # @here
        write("caf\\xe9")
        """,
    ),
    "a line's end in a path": (
        "path",
        "white space at its ends",
        """
        def read(path):
            return open(path)  # @here
        read("/nowhere/a.txt\\n")
        """,
    ),
    "a home that nobody replaced": (
        "path",
        "`expanduser`",
        """
        def read(path):
            return open(path)  # @here
        read("~/nowhere.txt")
        """,
    ),
    "a placeholder": (
        "path",
        "a placeholder that nothing has replaced",
        """
        def read(path):
            return open(path)  # @here
        read("/data/{name}.csv")
        """,
    ),
    "a variable that is not set": (
        "environment",
        "the environment variable `IQD_NO_SUCH` is not set",
        """
        import os
        def key():
            return os.environ["IQD_NO_SUCH"]  # @here
        key()
        """,
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SPEAKING)
def test_it_is_said_at_its_place(name: str, tmp_path: Path) -> None:
    kind, words, source = SPEAKING[name]
    found = found_in(source, tmp_path)
    said = found.one(kind)
    assert words in said.text
    assert said.line == found.line("here")
    assert said.weight in (0.6, 0.9)


SILENT = {
    "a ValueError of somebody's own": (
        "unreadable-number",
        """
        def check(text):
            raise ValueError("invalid literal for int() with base 10: 'x'")
        check("x")
        """,
    ),
    "another ValueError": (
        "unreadable-date",
        """
        [1].index(2)
        """,
    ),
    "JSON of other trouble": (
        "unreadable-json",
        """
        import json
        json.dumps({1, 2})
        """,
    ),
    "another unicode failure": (
        "encoding",
        """
        chr(-1)
        """,
    ),
    "an absolute path": (
        "path",
        """
        open("/nowhere/a.txt")
        """,
    ),
    "a relative path that nobody knows": (
        "relative-path",
        """
        open("nowhere/a.txt")
        """,
    ),
    "a mapping like the environment": (
        "environment",
        """
        environ = {"HOME": 1}
        environ["HOEM"]
        """,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said(name: str, tmp_path: Path) -> None:
    kind, source = SILENT[name]
    assert kind not in found_in(source, tmp_path).kinds


def test_a_variable_of_nearly_that_name(tmp_path: Path) -> None:
    source = "import os\nos.environ['IQD_TOKN']\n"
    found = found_in(source, tmp_path, environ=("IQD_TOKEN", "HOME"))
    assert "but `IQD_TOKEN` is" in found.one("environment").text


def test_a_path_that_is_beside_the_code(tmp_path: Path) -> None:
    source = "open('data/iqd_rows.csv')  # @here\n"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "iqd_rows.csv").write_text("")
    found = found_in(source, tmp_path, path_exists=lambda path: Path(path).exists())
    assert f"and is in {tmp_path}, beside the code" in found.one("relative-path").text


@pytest.mark.parametrize(
    ("text", "base", "words"),
    [
        ("", 10, "it is empty"),
        ("  ", 10, "white space alone"),
        ("3.5", 10, "fraction"),
        ("1,234", 10, "thousands"),
        ("1.234,5", 0, "thousands"),
        ("0x1f", 10, "base 16"),
        ("ff", 10, "letters of base 16"),
        ("nan", 10, "missing or logical"),
        ("−5", 10, "dash of typography"),
        ("\ufeff5", 10, "byte order mark"),
        ("1 2", 10, "white space is inside, at position 1"),
        ("l0", 10, "begins with 'l'"),
        ("5€", 0, "'€' at position 1"),
    ],
)
def test_what_of_a_number_is_wrong(text: str, base: int, words: str) -> None:
    assert words in render(_number_fault(text, base))


@pytest.mark.parametrize(
    ("text", "form", "words"),
    [
        ("31.12.2024", "%Y-%m-%d", "`%Y` does not fit '31.12.2024' at position 0"),
        ("2024/12/31", "%Y-%m-%d", "'-' does not fit"),
        ("2024-31-12", "%Y-%m-%d", "day and month the other way round?"),
        ("2024-12", "%Y-%m-%d", "it ends before '-'"),
        ("25:00", "%H:%M", "`%H` does not fit '25:00' at position 0"),
        ("2024-02-30", "%Y-%m-%d", "no such day exists"),
    ],
)
def test_where_a_date_leaves_its_format(text: str, form: str, words: str) -> None:
    assert words in render(_left_format(text, form))
