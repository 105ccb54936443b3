"""The constant beginning of a log is evaluated once a machine: by real models, over one folder of states."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from iqdebug.core.config import Model as ModelWishes
from iqdebug.core.errors import ModelError
from iqdebug.llm.backends.base import Counters, Prefilling, ReplyFinished
from iqdebug.llm.backends.local import LocalBackend
from iqdebug.llm.messages import Message, Sampling, Tool
from iqdebug.llm.open_backend import open_model
from iqdebug.llm.window.prefix_states import MAX_FILES, MIN_TOKENS, PrefixStates, prefix_folder
from tests.llm.conftest import options_for
from tests.llm.odd import write_recurrent, write_sliding
from tests.support.tiny_model import CHATML, write_tiny

pytestmark = pytest.mark.slow

GREEDY = Sampling(max_tokens=16, temperature=0)
SYSTEM = "You debug programs. " * 20
LOOK = Tool("look", "Shows a variable.", {"type": "object", "properties": {"name": {"type": "string"}}})
PLAIN = "{% for message in messages %}{{ message.role + ':' + message.content + '\n' }}{% endfor %}"
MIB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "prefixes"


Begin = Callable[..., "Session"]


class Session:
    """A conversation over a folder of states."""

    def __init__(self, backend: LocalBackend, system: str, tools: tuple[Tool, ...]) -> None:
        self.backend = backend
        self._system = system
        self._tools = tools
        self.prefix = 0
        """Tokens of the constant beginning."""
        self.answer: tuple[int, ...] = ()

    async def first_answer(self, evidence: str = "Stop 1: x = 3") -> Counters:
        await self.backend.start()
        self.prefix = (await self.backend.open(self._system, self._tools)).tokens
        assert self.prefix > MIN_TOKENS
        await self.backend.append(Message("user", evidence, "evidence"))
        return await self.next_answer()

    async def next_answer(self) -> Counters:
        async for event in self.backend.reply(GREEDY):
            done = event
        assert isinstance(done, ReplyFinished) and self.backend.counters.generated
        self.answer = tuple(self.backend.tokens[-self.backend.counters.generated :])
        return done.counters


@pytest.fixture
async def begin(tiny_model: Path, folder: Path, tmp_path: Path) -> AsyncIterator[Begin]:
    """Makes sessions; keywords beside these are of LoadOptions."""
    made: list[LocalBackend] = []

    def beginning(
        model: Path = tiny_model,
        system: str = SYSTEM,
        tools: tuple[Tool, ...] = (LOOK,),
        template: str | None = None,
        max_bytes: int = 64 * MIB,
        cached: bool = True,
        **options: object,
    ) -> Session:
        backend = LocalBackend(
            f"llama:{model}",
            options_for(model, **options),
            template=template,
            log_file=tmp_path / f"worker{len(made)}.log",
            prefix_states=PrefixStates(folder, max_bytes) if cached else None,
        )
        made.append(backend)
        return Session(backend, system, tools)

    yield beginning
    for backend in made:
        await backend.close()


async def run_and_close(session: Session, evidence: str = "Stop 1: x = 3") -> Counters:
    counters = await session.first_answer(evidence)
    await session.backend.close()
    return counters


async def costs_nothing(begin: Begin, **others: object) -> None:
    """The second of two sessions evaluates nothing of the beginning, and both answer as one without."""
    plain = begin(cached=False, **others)
    await run_and_close(plain)
    first, second = begin(**others), begin(**others)
    read = await run_and_close(first)
    again = await run_and_close(second)
    assert read.evaluated == first.backend.used - read.generated and read.reused == 0
    assert again.evaluated == read.evaluated - first.prefix, "0 tokens of the prefix"
    assert again.reused == first.prefix and second.backend.decoded == again.evaluated + again.generated - 1
    assert plain.answer == first.answer == second.answer
    different = begin(**others)
    other = await run_and_close(different, "Another stop, much longer than the first: " + "y = 4; " * 40)
    assert other.reused == different.prefix
    uncached = begin(cached=False, **others)
    await run_and_close(uncached, "Another stop, much longer than the first: " + "y = 4; " * 40)
    assert uncached.answer == different.answer


async def test_a_new_session_evaluates_nothing_of_it(begin: Begin, folder: Path) -> None:
    await costs_nothing(begin)
    (state,) = folder.iterdir()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600 and stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("swa_full", [False, True])
async def test_nor_does_a_model_with_a_sliding_window(begin: Begin, tmp_path: Path, swa_full: bool) -> None:
    model = write_sliding(tmp_path / "sliding.gguf")
    exact = {"type_k": "f32", "type_v": "f32", "flash_attn": False}
    await costs_nothing(begin, model=model, template=PLAIN, tools=(), swa_full=swa_full, **exact)


async def test_a_recurrent_model_keeps_none(begin: Begin, tmp_path: Path, folder: Path) -> None:
    model = write_recurrent(tmp_path / "recurrent.gguf")
    for _ in range(2):
        session = begin(model=model, template=PLAIN, tools=())
        counters = await run_and_close(session)
        assert counters.evaluated == session.backend.used - counters.generated
    assert not folder.exists()


async def test_a_new_conversation_of_the_same_worker_begins_with_it(begin: Begin, tmp_path: Path) -> None:
    model = write_sliding(tmp_path / "sliding.gguf")
    session = begin(model=model, template=PLAIN, tools=(), swa_full=False)
    first = await session.first_answer("Stop 1: " + "x = 3; " * 80)  # the window has slid off the beginning
    second = await session.first_answer("Stop 2")
    assert second.evaluated - first.evaluated == session.backend.used - session.prefix - 16


async def test_reading_ahead_begins_with_it_and_tells_its_progress(begin: Begin) -> None:
    seen = []
    for _ in range(2):
        session = begin()
        await session.backend.start()
        prefix = (await session.backend.open(SYSTEM, [LOOK])).tokens
        await session.backend.append(Message("user", "evidence " * 40, "evidence"))
        seen.append([progress async for progress in session.backend.prefill()])
        await session.backend.close()
    whole = session.backend.used
    assert {progress.total for progress in seen[0]} == {whole} and len(seen[0]) > 3
    assert seen[0][-1] == Prefilling(whole, whole)
    assert seen[1][-1] == Prefilling(whole - prefix, whole - prefix)
    done = [progress.done for progress in seen[0]]
    assert done == sorted(set(done)) and prefix in done


async def test_a_reading_that_is_stopped_goes_on_where_it_was(begin: Begin, folder: Path) -> None:
    session = begin()
    await session.backend.start()
    prefix = (await session.backend.open(SYSTEM, [LOOK])).tokens
    await session.backend.append(Message("user", "What?"))
    async for progress in session.backend.prefill():
        assert progress.done < progress.total
        await session.backend.cancel()
    assert 0 < session.backend.counters.evaluated < prefix, "it was stopped within the prefix"
    assert not list(folder.glob("*")), "half of it is not kept"
    counters = await session.next_answer()
    assert counters.evaluated == session.backend.used - counters.generated, "nothing was read twice"
    await session.backend.close()
    assert len(list(folder.iterdir())) == 1


async def test_an_answer_that_is_stopped_within_it_says_nothing(begin: Begin) -> None:
    session = begin()
    await session.backend.start()
    await session.backend.open(SYSTEM, [LOOK])
    await session.backend.append(Message("user", "What?"))
    events = []
    async for event in session.backend.reply(GREEDY):
        events.append(event)
        await session.backend.cancel()
    done = events[-1]
    assert isinstance(done, ReplyFinished) and done.why == "cancelled"
    assert not done.counters.generated and done.counters.evaluated < session.backend.used


async def test_what_is_not_the_same_misses(
    begin: Begin, tiny_model: Path, tmp_path: Path, folder: Path
) -> None:
    await run_and_close(begin())
    other = write_tiny(tmp_path / "other.gguf", seed=1)
    assert other.stat().st_size == tiny_model.stat().st_size
    differs: list[dict[str, object]] = [
        {"system": SYSTEM + "Be short."},
        {"tools": (Tool("see", LOOK.description, LOOK.parameters),)},
        {"template": CHATML.replace("You may call", "You can call")},
        {"model": other},
        {"type_k": "f32", "type_v": "f32"},
        {"n_ctx": 1024},
        {"kv_overrides": {"llama.rope.freq_base": 500.0}},
    ]
    for number, different in enumerate(differs, 2):
        session = begin(**different)
        counters = await run_and_close(session)
        assert counters.reused == 0 and counters.evaluated == session.backend.used - counters.generated
        assert len(list(folder.iterdir())) == number
        assert (await run_and_close(begin(**different))).reused == session.prefix


async def test_a_file_that_was_replaced_by_another_model_misses(begin: Begin, tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "model.gguf")
    await run_and_close(begin(model))
    write_tiny(model, seed=1)
    session = begin(model)
    assert (await run_and_close(session)).reused == 0


async def test_damage_is_a_miss(begin: Begin, folder: Path) -> None:
    first = begin()
    read = await run_and_close(first)
    (state,) = folder.iterdir()
    whole = state.read_bytes()
    middle = len(whole) // 2
    for damaged in (
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        whole[:-1],
        whole[:middle],
        b"",
        b"x" * 10_000,
    ):
        state.write_bytes(damaged)
        session = begin()
        counters = await run_and_close(session)
        assert (counters, session.answer) == (read, first.answer)
        assert state.read_bytes() == whole, "the next session finds it again"


async def test_a_sound_file_under_another_name_is_a_miss(begin: Begin, folder: Path) -> None:
    await run_and_close(begin())
    (mine,) = folder.iterdir()
    await run_and_close(begin(system=SYSTEM + "Be short."))
    (other,) = set(folder.iterdir()) - {mine}
    os.replace(other, mine)
    session = begin()
    assert (await run_and_close(session)).reused == 0


async def test_a_state_beyond_the_bound_is_not_written(begin: Begin, folder: Path) -> None:
    await run_and_close(begin(max_bytes=1000))
    assert not list(folder.iterdir())
    await run_and_close(begin())
    assert list(folder.iterdir())
    await run_and_close(begin(max_bytes=0))  # off: what is there goes too
    assert not list(folder.iterdir())


async def test_a_folder_that_cannot_be_used_costs_the_reading_alone(begin: Begin, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    for _ in range(2):
        session = begin()
        counters = await run_and_close(session)
        assert counters.evaluated == session.backend.used - counters.generated
    assert folder.read_text() == "a file"


async def test_a_short_beginning_is_not_kept(begin: Begin, folder: Path) -> None:
    session = begin(system="You debug.", tools=())
    await session.backend.start()
    await session.backend.open("You debug.")
    await session.backend.append(Message("user", "What?"))
    await session.next_answer()
    await session.backend.close()
    assert not folder.exists()


@pytest.mark.parametrize("mebibytes", [64, 0])
async def test_a_person_turns_it_off(mebibytes: int, tmp_path: Path) -> None:
    model = write_tiny(tmp_path / "tiny.gguf", context=2048)
    written(PrefixStates(prefix_folder(), MIB), "0" * 64, 100)
    reused = []
    for _ in range(2):
        opened = open_model(f"llama:{model}", ModelWishes(context=2048, prefix_cache=mebibytes))
        assert opened is not None and isinstance(opened.backend, LocalBackend)
        session = Session(opened.backend, SYSTEM, (LOOK,))
        reused.append((await run_and_close(session)).reused)
    assert reused == [0, session.prefix if mebibytes else 0]
    assert len(list(prefix_folder().iterdir())) == (2 if mebibytes else 0)


async def test_after_the_workers_death_it_is_taken_up_again(begin: Begin) -> None:
    session = begin()
    first = await session.first_answer()
    assert session.backend.pid is not None
    os.kill(session.backend.pid, signal.SIGKILL)
    with pytest.raises(ModelError):
        await session.backend.count("It is noticed here.")
    await session.backend.append(Message("user", "Still there?"))
    used = session.backend.used
    again = await session.next_answer()
    joint = session.backend.blocks[-1].tokens - 16
    assert again.evaluated - first.evaluated == used + joint - session.prefix


REAL = Path(os.environ.get("IQDEBUG_TEST_MODELS") or "~/.cache/iqdebug-test-models").expanduser()


@pytest.mark.parametrize(
    ("file", "template", "times"),
    [
        ("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", None, 40),
        ("gemma-3-270m-q4_k_m.gguf", PLAIN, 130),  # its sliding window is of 512 tokens
    ],
)
async def test_real_weights_begin_with_it(begin: Begin, file: str, template: str | None, times: int) -> None:
    model = REAL / file
    if not model.exists():
        pytest.skip(f"no {file} in {REAL} (IQDEBUG_TEST_MODELS)")
    seen = []
    for _ in range(2):
        session = begin(
            model,
            system="You debug programs. " * times,
            tools=(),
            template=template,
            n_batch=512,
            n_ubatch=512,
            swa_full=False,
        )
        counters = await run_and_close(session)
        seen.append((counters.evaluated + counters.reused, counters.generated, session.answer))
    assert counters.reused == session.prefix >= 4 * times
    assert seen[0] == seen[1] and seen[0][2]


# The folder itself.


def written(states: PrefixStates, name: str, size: int) -> None:
    file = states.new_file()
    assert file is not None
    file.write_bytes(b"s" * size)
    states.keep(file, name)


def test_the_least_recently_used_go(folder: Path) -> None:
    states = PrefixStates(folder, 10_000)
    names = [states.name("model", [number]) for number in range(4)]
    for age, name in enumerate(names[:3]):
        written(states, name, 3000)
        os.utime(folder / name, (age, age))
    assert states.find(names[0]) == folder / names[0]  # used now
    written(states, names[3], 3000)
    assert {path.name for path in folder.iterdir()} == {names[0], names[2], names[3]}
    for number in range(MAX_FILES + 3):
        written(states, states.name("model", [100 + number]), 10)
    assert len(list(folder.iterdir())) == MAX_FILES


def test_what_is_foreign_or_abandoned_is_removed(folder: Path, tmp_path: Path) -> None:
    states = PrefixStates(folder, 10_000)
    name = states.name("model", [1, 2])
    written(states, name, 100)
    (folder / "notes.txt").write_text("mine")
    outside = tmp_path / "outside"
    outside.write_text("stays")
    (folder / states.name("model", [3])).symlink_to(outside)
    being_written, abandoned = states.new_file(), states.new_file()
    assert being_written is not None and abandoned is not None
    os.utime(abandoned, (0, 0))
    folder.chmod(0o755)
    assert states.find(name) is not None
    assert {path.name for path in folder.iterdir()} == {name, being_written.name}
    assert outside.read_text() == "stays" and stat.S_IMODE(folder.stat().st_mode) == 0o700
