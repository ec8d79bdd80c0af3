from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.plan_figures import FIGURES
from tools import measured_figures
from tools.measured_figures import BENCH_RESULTS, MEASURED, measured_file, measured_from

RESULTS: dict[str, Any] = {
    "machine": {"cpu": "AMD EPYC", "cores": 2, "python": "3.11.7"},
    "date": "2026-11-22T09:00:00+00:00",
    "collage.https": {"ours": 181.98417509896152, "date": "2026-11-21T09:16:49+00:00"},
    "collage.https.peak": {"ours": 157.75390625},
    "pack": {"ours": 14015.38},
    "fold": {"ours": 65133.6},
    "push": {"ours": 13112.5},
    "state": {"ours": 0.44},
    "state.drip": {"ours": 5.174285714285714},
    "photos.24 MP": {"ours": 0.45},
    "photos.augmentation of 24 MP": {"ours": 0.1},
}


def test_the_shipped_file_is_what_the_benchmark_measured() -> None:
    assert MEASURED.read_bytes() == measured_file(BENCH_RESULTS), "run make measured"


def test_a_benchmark_becomes_figures_with_its_oldest_date_and_machine() -> None:
    measured = measured_from(RESULTS)
    assert (measured.date, measured.machine) == ("2026-11-21", "AMD EPYC, 2 cores, Python 3.11.7")
    assert measured.collage_images_per_cpu_s == 182.0
    assert measured.state_units_drip == 5.174
    assert measured_from({**RESULTS, "machine": "a laptop"}).machine == "a laptop"
    elsewhere = {**RESULTS, "push": {**RESULTS["push"], "machine": "a laptop"}}
    assert measured_from(elsewhere).machine == "AMD EPYC, 2 cores, Python 3.11.7; a laptop"


def test_missing_figures_are_named() -> None:
    without = {name: entry for name, entry in RESULTS.items() if name != "push"}
    with pytest.raises(UserError, match="no figure of fold, push"):
        measured_from({**without, "fold": {"ours": None}})
    with pytest.raises(UserError, match="its machine"):
        measured_from({name: entry for name, entry in RESULTS.items() if name != "machine"})


def test_the_written_file_can_be_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bench.json").write_bytes(msgspec.json.encode(RESULTS))
    monkeypatch.setattr("sys.argv", ["measured_figures", str(tmp_path / "bench.json")])
    monkeypatch.setattr(measured_figures, "MEASURED", tmp_path / "measured.json")
    measured_figures.main()
    written = (tmp_path / "measured.json").read_bytes()
    assert msgspec.json.decode(written, type=type(FIGURES.measured)) == measured_from(RESULTS)
