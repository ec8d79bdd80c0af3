"""The demo as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ops_dashboard.local.demo.output import clear_output
from tests.docs.snippets import demo_lines, masked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(620)]


def test_the_demo_uses_all_inputs_and_matches_the_generated_data(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [Path(sys.executable).with_name("ops-dashboard"), "demo", f"--output={tmp_path}"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Every figure, every cell and every rendition matches the generated data." in done.stderr
    printed = {masked(line) for line in done.stderr.splitlines()}
    assert {masked(line) for line in demo_lines()} <= printed, "README.md shows other lines"
    summary = json.loads((tmp_path / "summary.json").read_text())
    found = {each["trigger"]: each for each in summary["batches"]}
    assert {"s3-trigger", "sqs-trigger"} < found.keys()
    for trigger, figures in found.items():
        collages = list(tmp_path.glob(f"collages/{trigger}/*.jpg"))
        assert len(collages) == figures["collages"] > 0
        sizes = {size_of(path) for path in collages}
        rows, cols, cell_px = (3, 4, 160) if trigger == "sqs-trigger" else (5, 7, 200)
        fitted = {(cols * cell_px, count * cell_px) for count in range(1, rows + 1)}
        assert (cols * cell_px, rows * cell_px) in sizes <= fitted
    clear_output(tmp_path)  # as the next demo does
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size
