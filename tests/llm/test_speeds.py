"""How fast a model is here: measured in passing, remembered, and what follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from iqdebug.llm.backends.local import LocalBackend
from iqdebug.llm.messages import Message, Sampling
from iqdebug.llm.speeds import MIN_PREFILLED, Speed, Speeds
from tests.llm.conftest import options_for

pytestmark = pytest.mark.slow


def test_a_measurement_is_mixed_with_what_is_known() -> None:
    speed = Speed().with_prefill(1_000, 10.0)
    assert speed == Speed(100.0)
    assert speed.with_prefill(1_000, 5.0).prefill == 150.0
    assert speed.with_prefill(MIN_PREFILLED - 1, 0.001) == speed, "too few tokens say nothing"
    assert speed.with_prefill(1_000, 0.0) == speed
    assert speed.with_generation(100, 10.0) == Speed(100.0, 10.0)
    assert speed.with_generation(3, 0.1) == speed


def test_the_file_survives_damage_and_keeps_the_newest(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "deep" / "speeds.json")
    assert speeds.of("m") == Speed()
    speeds.keep("m", Speed(90.0, 9.0))
    assert Speeds(tmp_path / "deep" / "speeds.json").of("m") == Speed(90.0, 9.0)
    assert (tmp_path / "deep" / "speeds.json").stat().st_mode & 0o777 == 0o600
    for number in range(250):
        speeds.keep(f"m{number}", Speed(1.0))
    assert speeds.of("m") == Speed() and speeds.of("m249") == Speed(1.0)
    (tmp_path / "deep" / "speeds.json").write_text("{half")
    assert speeds.of("m249") == Speed()
    Speeds(Path("/proc/nowhere/speeds.json")).keep("m", Speed(1.0))


async def test_a_model_is_measured_in_passing_and_remembered(tiny_model: Path, tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "speeds.json")

    def backend() -> LocalBackend:
        return LocalBackend(
            "", options_for(tiny_model), log_file=tmp_path / "worker.log", speeds=speeds, model="tiny"
        )

    first = backend()
    await first.start()
    assert first.about.speed == Speed()
    await first.open("You debug. " * 60)
    await first.append(Message("user", "why? " * 40))
    async for _ in first.reply(Sampling(max_tokens=40, seed=1, temperature=0.0)):
        pass
    assert first.about.speed.prefill > 0
    await first.close()
    second = backend()
    await second.start()
    assert second.about.speed == first.about.speed
    await second.close()
