"""The runner of `make bench` on fakes: its figures, its table, its file. Nothing is measured."""

from __future__ import annotations

import io
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from tests.bench import __main__ as runner
from tests.bench.measure import ChildFailedError, median_ratios, paired, peak_mb, watched
from tests.bench.peers import missing_module, missing_program
from tests.bench.results import OURS, Limit, Measure, merged, table_of
from tests.bench.stages import Sampler, idle_s
from tests.bench.stages import merged as merged_intervals

RUN = {"machine": {"cores": 2}, "date": "2026-11-21", "commit": "abc"}
SPEED = Measure(
    name="compose",
    unit="ms",
    ours=100.0,
    more_is_better=False,
    peers={"plain": 400.0, "floor": 50.0, "montage": "no montage on PATH"},
    limits={"plain": Limit(least=3.2), "floor": Limit(most=1.7), "montage": Limit(least=6)},
)


def _printed(*measures: Measure) -> str:
    text = io.StringIO()
    Console(file=text, width=160).print(table_of(measures))
    return text.getvalue()


def test_a_ratio_says_how_many_times_better_ours_is() -> None:
    assert SPEED.ratio("plain") == 4
    rates = msgspec.structs.replace(SPEED, more_is_better=True, peers={"plain": 50.0})
    assert rates.ratio("plain") == 2


def test_a_limit_of_at_most_compares_our_use_with_the_peers() -> None:
    assert SPEED.ratio("floor") == 2
    assert SPEED.reached() == {"plain": True, "floor": False, "montage": None}


def test_a_median_of_pairs_is_used_instead_of_the_figures() -> None:
    assert msgspec.structs.replace(SPEED, ratios={"plain": 3.0}).ratio("plain") == 3.0


def test_a_missing_peer_is_in_the_file_as_null_with_its_reason() -> None:
    entry = SPEED.entry()
    assert entry["peers"]["montage"] is None
    assert entry["ratio"]["montage"] is None
    assert entry["reached"]["montage"] is None
    assert entry["missing"] == {"montage": "no montage on PATH"}


def test_a_missing_peer_is_in_the_table_with_its_reason() -> None:
    printed = _printed(SPEED)
    assert "montage: missing, no montage on PATH" in printed
    assert "not measured" in printed


def test_the_table_shows_whether_each_limit_is_met() -> None:
    own = Measure(name="fold", unit="rows/s", ours=200_000.0, limits={OURS: Limit(least=150_000)})
    printed = _printed(SPEED, own)
    cells = [[cell.strip() for cell in line.split("│")] for line in printed.splitlines()]
    said = {(row[1], row[3]): row[6] for row in cells if len(row) > 6}
    assert said["compose", "plain: 400"] == "yes"
    assert said["", "floor: 50"] == "no"
    assert said["fold", ""] == "yes"
    assert "200,000 rows/s" in printed
    assert "≥ 150,000 rows/s" in printed


def test_a_benchmark_that_failed_is_not_silent() -> None:
    failed = Measure(name="push", unit="", ours=None, limits={OURS: Limit()}, note="exit code 1")
    assert "missing" in _printed(failed)
    assert "exit code 1" in _printed(failed)
    assert failed.entry()["ours"] is None


def test_a_run_replaces_all_of_a_benchmark_and_leaves_others() -> None:
    def entry(name: str) -> Measure:
        return Measure(name=name, unit="s", ours=1.0)

    before: dict[str, Any] = merged(
        {}, {"fold": [entry("fold"), entry("fold.old")], "pack": [entry("pack")]}, RUN
    )
    later = {**RUN, "date": "2026-11-22", "machine": {"cores": 4}}
    after = merged(before, {"fold": [entry("fold")]}, later)
    assert set(after) == {"machine", "date", "commit", "fold", "pack"}
    assert after["date"] == "2026-11-22"
    assert (after["fold"]["date"], after["pack"]["date"]) == ("2026-11-22", "2026-11-21")
    assert (after["fold"]["machine"], after["pack"]["machine"]) == ({"cores": 4}, {"cores": 2})


def test_the_runner_runs_what_is_named_and_merges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "bench-results.json"
    monkeypatch.setattr(runner, "RESULTS", results)
    monkeypatch.setattr(runner, "busy_cores_now", lambda: 0.254)
    monkeypatch.setattr(runner, "run_one", lambda name: [Measure(name=name, unit="s", ours=1.5)])
    assert runner.main(["fold"]) == 0
    assert runner.main(["pack"]) == 0
    written = msgspec.json.decode(results.read_bytes())
    assert written["fold"]["ours"] == written["pack"]["ours"] == 1.5
    assert written["fold"]["busy_cores"] == 0.25
    assert written["fold"]["took_s"] == 0
    least, median, most = written["fold"]["loops_ms"]
    assert 0 < least <= median <= most
    assert "pack" in capsys.readouterr().out


def test_the_runner_knows_its_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["flod"]) == 2
    assert "flod" in capsys.readouterr().err
    folder = Path(runner.__file__).parent
    assert all((folder / f"{name}.py").is_file() for name in runner.BENCHMARKS)


def test_a_benchmark_that_cannot_run_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    (found,) = runner.run_one("no_such_benchmark")
    assert found.ours is None
    assert "No module named tests.bench.no_such_benchmark" in found.note
    assert "No module named" in capfd.readouterr().err


def test_cores_that_are_busy_are_between_none_and_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_LOOK_S", 0.1)
    assert 0 <= runner.busy_cores_now() <= (os.cpu_count() or 1)


def test_pairs_alternate_and_a_first_round_is_not_counted() -> None:
    order: list[str] = []

    def work(name: str, value: float) -> float:
        order.append(name)
        return value

    figures = paired({OURS: lambda: work("a", 2.0), "peer": lambda: work("b", 6.0)}, 2)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert figures == {OURS: [2.0, 2.0], "peer": [6.0, 6.0]}
    assert median_ratios(figures, OURS) == {"peer": 3.0}


def test_a_child_is_measured_by_itself_and_its_failure_reported() -> None:
    done = watched(["python3", "-S", "-c", "print(sum(range(10**6)))"])
    assert done.output == b"499999500000\n"
    assert 0 < done.peak_mb < peak_mb()
    with pytest.raises(ChildFailedError, match="no such thing"):
        watched(["python3", "-S", "-c", "raise SystemExit('no such thing')"])


def test_missing_peers_have_a_reason() -> None:
    assert missing_module("json") is None
    assert "no_such_package" in (missing_module("no_such_package") or "")
    assert missing_program("sh", "dash") is None
    assert "apt-get install nothing" in (missing_program("no-such-program", "nothing") or "")


def test_a_stage_is_idle_while_something_waits_and_nothing_runs() -> None:
    ran = merged_intervals([(5.0, 6.0), (1.0, 2.0), (1.5, 3.0)])
    assert ran == [(1.0, 3.0), (5.0, 6.0)]
    assert idle_s(ran, [(0.0, 0), (1.0, 4), (3.0, 4), (4.0, 0), (5.0, 1)]) == 1.0


def test_processor_time_is_counted_from_the_beginning_of_a_run() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:  # noqa: S607 - found like any tool
        sampler = Sampler(group=-1, processes={"own": os.getpid(), "other": other.pid}, waiting=int)
        sum(range(10**6))
        sampler.sample()
        other.kill()
        other.wait()
        sampler.sample()
    used = sampler.cpu_s()
    assert 0 < used["own"] < time.process_time()
    assert used["other"] == 0
