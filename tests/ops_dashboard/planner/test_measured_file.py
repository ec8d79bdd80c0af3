from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ops_dashboard.planner import measured_file
from ops_dashboard.planner.measured import NAMES, Figures, of_bench
from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.plan_figures import FIGURES
from tests.paths import ROOT

RESULTS: dict[str, Any] = {
    "machine": {"cpu": "AMD EPYC", "cores": 2, "python": "3.11.7"},
    "date": "2026-11-22T09:00:00+00:00",
    "collage": {"ours": 181.98417509896152, "date": "2026-11-21T09:16:49+00:00"},
    "collage.peak": {"ours": 157.75390625},
    "pack": {"ours": 14015.38},
    "fold": {"ours": 65133.6},
    "push": {"ours": 13112.5},
    "state": {"ours": 0.44},
    "state.drip": {"ours": 5.174285714285714},
}


def test_what_is_shipped_is_what_the_benchmark_said() -> None:
    """`make measured` writes it."""
    made = measured_file.made_from(ROOT / measured_file.BENCH_RESULTS)
    shipped = (ROOT / "ops_dashboard" / measured_file.NAME).read_bytes()
    assert shipped == made, "run make measured"


def test_the_shipped_figures_are_read_from_the_package() -> None:
    assert measured_file.shipped().rows_per_shard_s > 0


def test_a_benchmark_becomes_figures_with_its_oldest_date_and_machine() -> None:
    measured = of_bench(RESULTS)
    assert (measured.date, measured.machine) == ("2026-11-21", "AMD EPYC, 2 cores, Python 3.11.7")
    assert measured.collage_images_per_cpu_s == 182.0
    assert measured.state_units_drip == 5.174
    assert of_bench({**RESULTS, "machine": "a laptop"}).machine == "a laptop"


def test_figures_that_are_missing_are_named() -> None:
    without = {name: entry for name, entry in RESULTS.items() if name != "push"}
    with pytest.raises(UserError, match="no figure of fold, push"):
        of_bench({**without, "fold": {"ours": None}})
    with pytest.raises(UserError, match="its machine"):
        of_bench({name: entry for name, entry in RESULTS.items() if name != "machine"})


def test_a_file_is_made_that_can_be_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bench.json").write_bytes(msgspec.json.encode(RESULTS))
    monkeypatch.setattr("sys.argv", ["measured", str(tmp_path / "bench.json")])
    monkeypatch.setattr(measured_file, "__file__", str(tmp_path / "measured_file.py"))
    measured_file.main()
    made = (tmp_path / measured_file.NAME).read_bytes()
    assert msgspec.json.decode(made, type=type(FIGURES.measured)) == of_bench(RESULTS)


def test_any_figure_may_be_replaced_and_none_else() -> None:
    for name in NAMES:
        changed = FIGURES.changed({name: 7.0})
        both = (
            *msgspec.structs.astuple(changed.measured),
            *msgspec.structs.astuple(changed.assumed),
        )
        assert both.count(7.0) == 1
    assert Figures(measured=FIGURES.measured) == FIGURES.changed({})


def test_a_figure_that_is_divided_by_is_not_0() -> None:
    assert FIGURES.changed({"collage_network_s": 0}).assumed.collage_network_s == 0
    with pytest.raises(UserError, match="push_rows_per_s is 0"):
        FIGURES.changed({"push_rows_per_s": 0})
