"""From a crash to a proved fix: three failures, each recorded, mended, verified, tested, undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.assistant.actions.apply import apply, undo
from iqdebug.assistant.actions.edits import edits_in
from iqdebug.assistant.actions.fix import propose
from iqdebug.assistant.actions.regression import prove, regression_tests
from iqdebug.assistant.actions.rerun import project_root
from iqdebug.assistant.actions.verify import verify
from tests.assistant.recorded import record_example

pytestmark = pytest.mark.slow

DIFF = """\
The handler reads another field than the one that was sent.

```diff
--- a/http_400.py
+++ b/http_400.py
@@ -21,3 +21,3 @@
     form = Form(fields)
-    order = {"email": form["e-mail"], "item": form["item"]}  # @fails
+    order = {"email": form["email"], "item": form["item"]}  # @fails
     ORDERS.append(order)
```
"""
FUNCTION = """\
An average of nothing is nothing:

```python
def average(numbers):
    if not numbers:
        return 0.0
    return sum(numbers) / len(numbers)
```
"""
BLOCK = """\
none_lookup.py
<<<<<<< SEARCH
    customer = find(order["customer"])  # @assigned
=======
    customer = find(order["customer"])  # @assigned
    if customer is None:
        return "unknown customer"
>>>>>>> REPLACE
"""
CASES = [
    ("http_400", DIFF, "create_order", "RuntimeError"),
    ("divide_by_zero", FUNCTION, "average", "ZeroDivisionError"),
    ("none_lookup", BLOCK, "label", "AttributeError"),
]


@pytest.mark.parametrize(("name", "reply", "function", "error"), CASES, ids=[c[0] for c in CASES])
async def test_recorded_mended_verified_tested_and_undone(
    name: str, reply: str, function: str, error: str, tmp_path: Path
) -> None:
    case = record_example(name, tmp_path)
    assert case.crash.meta.title.startswith(error)
    root = project_root(case.crash)
    assert root == str(case.root)
    proposal = propose(edits_in(reply, case.program.name), root, known=[str(case.program)])

    verified = await verify(case.crash, proposal, folder=tmp_path)
    assert verified.verdict == "fixed" and verified.green, verified.lines()
    assert verified.before is not None and verified.after is not None
    assert error in verified.before.output and error not in verified.after.output

    regression = await prove(
        case.crash, regression_tests(case.crash, case.diagnosis), proposal, folder=tmp_path
    )
    assert regression.test is not None and regression.verified is not None, regression.refused
    assert regression.test.function == function, regression.test.text
    assert regression.verified.green, regression.lines()
    assert regression.verified.before is not None and regression.verified.after is not None
    assert "1 failed" in regression.verified.before.output
    assert "1 passed" in regression.verified.after.output

    before = case.program.read_bytes()
    assert before == proposal.files[0].before, "neither of them touched the project"
    assert sorted(p.name for p in case.root.iterdir()) == sorted([case.program.name, "pyproject.toml"])
    receipt = apply(proposal, tmp_path / "backups")
    assert case.program.read_bytes() == proposal.files[0].after != before
    assert undo(receipt) == (str(case.program),)
    assert case.program.read_bytes() == before


async def test_a_fix_that_mends_nothing_is_the_same_failure(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    reply = '{"path": "divide_by_zero.py", "old": "total = sum(numbers)", "new": "total = sum(numbers, 0)"}'
    proposal = propose(edits_in(reply), str(case.root))
    verified = await verify(case.crash, proposal, folder=tmp_path)
    assert verified.verdict == "same failure" and not verified.green


async def test_a_fix_that_breaks_something_else_is_another_failure(tmp_path: Path) -> None:
    case = record_example("divide_by_zero", tmp_path)
    reply = '{"path": "divide_by_zero.py", "old": "return total / count", "new": "return total / counts"}'
    verified = await verify(case.crash, propose(edits_in(reply), str(case.root)), folder=tmp_path)
    assert verified.verdict == "another failure"
    assert "NameError" in verified.words
