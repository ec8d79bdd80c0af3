from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.demo.output import clear_output, write_output
from stream_ingest.contracts.errors import UserError

MADE = (
    "collages/a.jpg",
    "collages/s3-trigger/b.jpg",
    "summary.json",
    "covers.csv",
    "campaign.csv",
    "campaign.json",
    "photos.jpg",
    "photos/renditions/demo/a_small.jpg",
)


def test_the_output_of_an_earlier_demo_is_deleted(tmp_path: Path) -> None:
    """Earlier versions wrote the collages without subfolders."""
    for name in MADE:
        write_output(tmp_path, name, b"x")
    clear_output(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    write_output(tmp_path, "collages/a.jpg", b"x")
    write_output(tmp_path, "thesis.tex", b"x")
    with pytest.raises(UserError, match=r"contains 'thesis\.tex'"):
        clear_output(tmp_path)
    assert (tmp_path / "collages/a.jpg").exists()


def test_a_missing_folder_is_accepted(tmp_path: Path) -> None:
    clear_output(tmp_path / "new")
    assert write_output(tmp_path / "new", "summary.json", b"{}").read_bytes() == b"{}"
