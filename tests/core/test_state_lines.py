"""Text output of what is known of a target: clean of control characters, and whole."""

from __future__ import annotations

from dataclasses import replace

from iqdebug.core.attachability import Attachability
from iqdebug.core.evidence import AnomalyKind, Confidence, HopKind
from iqdebug.core.state import (
    Anomaly,
    Diagnosis,
    ExceptionInfo,
    Frame,
    Gil,
    LogRecord,
    Origin,
    Phase,
    ProcessInfo,
    Snapshot,
    Step,
    Suspect,
    Task,
    Thread,
    ThreadState,
    Variable,
)
from iqdebug.core.state_lines import diagnosis_lines, log_lines, process_table, snapshot_lines

ESCAPE = "\x1b]0;title\x07\x1b[31mred\r\n\u202e\udcff\u009b"


def snapshot(*threads: Thread, **rest: object) -> Snapshot:
    return Snapshot(7, 1, Phase.RUNNING, Origin.LIVE, 0.0, threads=threads, **rest)  # type: ignore[arg-type]


def test_no_value_can_steer_the_terminal() -> None:
    frame = Frame(ESCAPE, ESCAPE, 1, locals=(Variable(ESCAPE, ESCAPE),))
    hostile = snapshot(
        Thread(1, ESCAPE, frames=(frame,)),
        command=ESCAPE,
        detail=ESCAPE,
        exception=ExceptionInfo(ESCAPE, ESCAPE),
        tasks=(Task(ESCAPE, ESCAPE, "pending", (frame,), ESCAPE),),
    )
    suspect = Suspect(ESCAPE, 1, ESCAPE, 0.5, (ESCAPE,), (Variable(ESCAPE, ESCAPE),))
    hop = Step(ESCAPE, HopKind.SET, ESCAPE, 1, ESCAPE, Variable(ESCAPE, ESCAPE), detail=ESCAPE)
    way = replace(hop, before=(hop,))
    odd = Anomaly(AnomalyKind.PATH, ESCAPE, ESCAPE, 1, ESCAPE, 0.5)
    lines = [
        *snapshot_lines(hostile),
        *diagnosis_lines(
            Diagnosis(
                ESCAPE, Confidence.LIKELY, (suspect,), (ESCAPE,), (way,), (odd,), meaning_message=ESCAPE
            )
        ),
        *log_lines([LogRecord(0.0, "stdout", ESCAPE)]),
        *process_table([ProcessInfo(1, "u", "3.11", ESCAPE, ESCAPE)], 10_000),
    ]
    for line in lines:
        assert all(c.isprintable() for c in line), repr(line)
        line.encode("utf-8")


def test_a_deep_stack_is_shown_by_its_ends() -> None:
    frames = tuple(Frame(f"f{n}", "/p.py", n + 1) for n in range(1_000))
    lines = snapshot_lines(snapshot(Thread(1, "MainThread", frames=frames, frames_total=5_000)))
    shown = "\n".join(lines)
    assert len(lines) < 60
    assert "f0 " in shown and "f999 " in shown and "f500 " not in shown
    assert "4,970 frames left out" in shown


def test_the_focus_comes_first_and_says_what_it_does() -> None:
    lines = snapshot_lines(
        snapshot(
            Thread(1, "first"),
            Thread(2, "second", state=ThreadState.RUNNING, gil=Gil.HOLDS, wait_message="a lock"),
            focus=2,
        )
    )
    shown = [line for line in lines if line.startswith("thread ")]
    assert shown[0].startswith("thread second (2): ")
    assert "a lock" in shown[0] and "holds the GIL" in shown[0]


def test_a_greenlet_is_not_called_a_thread() -> None:
    lines = snapshot_lines(snapshot(Thread(7, "greenlet main", is_greenlet=True)))
    assert "greenlet main (7)" in [line.partition(":")[0] for line in lines]


def test_the_table_says_why_not_and_how_to_mend_it() -> None:
    refused = ProcessInfo(
        9, "me", "3.9.1", "python app.py", "/srv", attach=Attachability(False, "no gdb", "apt install gdb")
    )
    head, row, why, fix = process_table([refused], 10_000)
    assert head.split()[:2] == ["PID", "AGE"] and " no " in row
    assert (why.strip(), fix.strip()) == ("no gdb", "apt install gdb")
    assert all(len(line) <= 40 for line in process_table([refused], 40)[1:])


def test_what_the_table_warns_of_is_told_to_its_end() -> None:
    warned = Attachability(True, warning_messages=("a pause of more than five seconds ends this worker",))
    rows = process_table([ProcessInfo(9, "me", "3.9.1", "python app.py", "/srv", attach=warned)], 40)
    assert rows[2:] == ["        a pause of more than five", "        seconds ends this worker"]


def diagnosis(hops: int, anomalies: int) -> Diagnosis:
    step = Step("find_user(…)", HopKind.RETURNED_NOTHING, "/srv/store.py", 31, "find_user")
    for n in range(hops):
        step = Step(
            "user",
            HopKind.ASSIGNED,
            "/srv/greet.py",
            40 - n,
            "greet",
            Variable("user", "None", "NoneType"),
            before=(step,),
        )
    return Diagnosis(
        "AttributeError: `user` is None",
        Confidence.LIKELY,
        (Suspect("/srv/store.py", 31, "find_user", 0.9),),
        meaning_message="AttributeError: the object has no attribute of that name.\nLook where it was made.",
        provenance=(Step("other", HopKind.FAILED, "/srv/greet.py", 44, "greet"), step),
        anomalies=tuple(
            Anomaly(AnomalyKind.NONE_USED, f"`v{n}` is None", "/srv/greet.py", n, "greet", 0.5)
            for n in range(anomalies)
        ),
    )


def test_a_diagnosis_tells_what_it_means_and_where_the_value_came_from() -> None:
    assert diagnosis_lines(diagnosis(2, 1)) == [
        "Likely: AttributeError: `user` is None",
        "  AttributeError: the object has no attribute of that name.",
        "  Look where it was made.",
        "  1. find_user  /srv/store.py:31  (score 0.90)",
        "  where the failing value came from:",
        "    `user` = None  is assigned here  greet.py:39 greet",
        "      ← `user` = None  is assigned here  greet.py:40 greet",
        "        ← `find_user(…)`  returned None: its end was reached  store.py:31 find_user",
        "  unusual: `v0` is None  greet.py:0 greet",
    ]


def test_a_long_way_and_many_anomalies_stay_short() -> None:
    lines = diagnosis_lines(diagnosis(50, 40))
    assert len([line for line in lines if "←" in line]) == 5 and lines[11].strip() == "…"
    assert [line for line in lines if line.startswith("  unusual: ")] == [
        f"  unusual: `v{n}` is None  greet.py:{n} greet" for n in range(3)
    ]
    assert lines[-1] == "  … and 37 more that are unusual"


def test_what_is_not_known_takes_no_line() -> None:
    bare = Diagnosis("nothing stands out", Confidence.NO_CLEAR_SUSPECT)
    assert diagnosis_lines(bare) == ["nothing stands out"]
    alone = replace(bare, provenance=(Step("user", HopKind.FAILED, "/srv/greet.py", 44, "greet"),))
    assert diagnosis_lines(alone) == ["nothing stands out"]
