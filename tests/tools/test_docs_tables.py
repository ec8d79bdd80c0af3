from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from stream_ingest.contracts.metrics import CATALOGUE
from tests.paths import ROOT
from tools.bench_figures import figures_table
from tools.docs_tables import metrics_table
from tools.markdown import markdown_table


def generated_documents() -> list[Path]:
    """Return the documents with blocks for cog: those that ``make docs-tables`` writes."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [each for each in documents if "<!-- [[[cog" in each.read_text(encoding="utf-8")]


def test_the_generated_tables_are_up_to_date() -> None:
    documents = map(str, generated_documents())
    check = ["--check", "--diff", "--check-fail-msg=run make docs-tables", "-P", "-I", str(ROOT)]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "cogapp", *check, *documents],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_has_its_row() -> None:
    names = re.findall(r"^\| `(\w+)`", metrics_table(), flags=re.MULTILINE)
    assert names == [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)


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
    assert shown[1] == "Measured on 2026-11-21: AMD EPYC, 2 cores, Python 3.11.7."
    assert shown[5:] == [
        "| **compose**: 35 JPEG covers in memory to a collage, one thread |  |  |  |  |  |",
        "| compose | 112 ms |  |  |  |  |",
        "|  |  | plain: 406 | 3.64 | ≥ 3.2 times | yes |",
        "|  |  | libvips: missing |  | ≥ 1.8 times | not measured |",
        "| compose.psnr | 46.4 dB |  |  | ≥ 47 dB | **no** |",
        "| **suite**: `make test` |  |  |  |  |  |",
        "| suite | not measured |  |  | ≤ 360 s | not measured |",
    ]


def test_the_load_of_the_machine_is_said_if_all_results_have_it() -> None:
    run = {"busy_cores": 0.25, "took_s": 90, "loops_ms": [10.2, 11.0, 14.9]}
    entry = {"ours": 1.0, "unit": "s", "peers": {}, "ratio": {}, "limit": {}, "reached": {}}
    common = {"machine": "one", "date": "2026-11-22"}
    results = {"fold": entry | run, "fold.mixed": entry | run, "pack": entry | run}
    shown = figures_table({**common, **results}).splitlines()[1]
    assert shown == (
        "Measured on 2026-11-22: one. Before each benchmark at most 0.25 cores were busy with"
        " something else; all took 3 minutes. The same loop took 10 to 15 ms of CPU."
    )
    older = figures_table({**common, **results, "suite": entry}).splitlines()[1]
    assert older == "Measured on 2026-11-22: one."


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    lines = markdown_table(("option", "means"), [("a|b", "either")]).splitlines()
    assert lines == ["", "| option | means |", "|---|---|", "| a\\|b | either |"]
