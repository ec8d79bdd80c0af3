"""Memory that grows is found under noise, steps and peaks; memory that is flat is flat."""

from __future__ import annotations

import random
import subprocess
import sys

import psutil
import pytest

from tests.attack.harness import memory
from tests.attack.harness.memory import MemoryLog, Sample, growth


def series(mb_per_minute: float, noise_mb: float) -> list[Sample]:
    rng = random.Random(5)  # noqa: S311 - noise
    return [
        Sample(at_s, 100 + mb_per_minute * at_s / 60 + rng.gauss(0, noise_mb))
        for at_s in range(0, 600, 5)
    ]


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.1, 2.0])
def test_the_slope_is_found_under_noise(slope: float) -> None:
    assert growth(series(slope, noise_mb=0.5)).mb_per_minute == pytest.approx(slope, abs=0.05)


def test_a_peak_is_no_slope() -> None:
    samples = series(0, noise_mb=0.1)
    samples[100:110] = [Sample(each.at_s, each.mb + 80) for each in samples[100:110]]
    found = growth(samples)
    assert found.mb_per_minute == pytest.approx(0, abs=0.05)
    assert found.last_mb == pytest.approx(found.first_mb, abs=1)


def test_a_process_is_sampled_while_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_EVERY_S", 0.01)
    rounds: list[int] = []
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = psutil.Process(child.pid)

        def processes() -> list[tuple[str, psutil.Process]]:
            rounds.append(len(rounds))
            return [("child", process)]

        with MemoryLog(processes) as log:
            while len(log.samples.get(f"child {child.pid}", [])) < 3:
                assert child.poll() is None
            assert child.stdin is not None
            child.stdin.close()
            while process.status() != psutil.STATUS_ZOMBIE:
                pass
            ended = len(rounds)
            while len(rounds) < ended + 3:  # it has ended, and nobody has read its exit status
                pass
    (samples,) = log.long_lived().values()
    assert all(sample.mb > 1 for sample in samples)
