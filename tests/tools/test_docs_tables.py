from __future__ import annotations

import re

import pytest

from stream_ingest.contracts.metrics import CATALOGUE
from tools.bench_figures import figures_table
from tools.docs_tables import README, filled, metrics_table


def test_the_tables_in_the_readme_are_what_the_code_says() -> None:
    """`python -m tools.docs_tables` writes them."""
    text = README.read_text(encoding="utf-8")
    assert text == filled(text)


def test_every_metric_has_its_line() -> None:
    names = re.findall(r"^\| `(\w+)`", metrics_table(), flags=re.MULTILINE)
    assert names == [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)


def test_a_readme_without_marks_is_told() -> None:
    with pytest.raises(ValueError, match="no marks"):
        filled("# Title\n")


def test_figures_are_shown_with_peers_limits_and_what_is_missing() -> None:
    results = {
        "machine": {"cpu": "AMD EPYC", "cores": 2, "python": "3.11.7"},
        "date": "2026-11-22T09:00:00+00:00",
        "suite": {
            "ours": None, "unit": "s", "peers": {}, "ratio": {},
            "limit": {"ours": "≤ 360 s"}, "reached": {"ours": None},
        },
        "compose": {
            "ours": 111.769, "unit": "ms", "peers": {"plain": 406.3, "libvips": None},
            "ratio": {"plain": 3.6351, "libvips": None}, "date": "2026-11-21T09:00:00+00:00",
            "limit": {"plain": "≥ 3.2 times", "libvips": "≥ 1.8 times"},
            "reached": {"plain": True, "libvips": None},
        },
        "compose.psnr": {
            "ours": 46.387, "unit": "dB", "peers": {}, "ratio": {},
            "limit": {"ours": "≥ 47 dB"}, "reached": {"ours": False},
        },
    }  # fmt: skip
    shown = figures_table(results).splitlines()
    assert shown[0] == "Measured on 2026-11-21: AMD EPYC, 2 cores, Python 3.11.7."
    assert shown[4:] == [
        "| **compose** | 35 JPEG covers in memory to a collage, one thread | | | | |",
        "| compose | 112 ms |  |  |  |  |",
        "|  |  | plain: 406 | 3.64 | ≥ 3.2 times | yes |",
        "|  |  | libvips: missing |  | ≥ 1.8 times | not measured |",
        "| compose.psnr | 46.4 dB |  |  | ≥ 47 dB | **no** |",
        "| **suite** | `make test` | | | | |",
        "| suite | not measured |  |  | ≤ 360 s | not measured |",
    ]
