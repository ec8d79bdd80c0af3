"""Absurd rows stop nothing: good ones become collages, bad ones are stored with a reason."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from stream_ingest.contracts.creators import creator_of
from stream_ingest.contracts.naming import creator_key, creator_name
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator

pytestmark = pytest.mark.timeout(240)

ACCEPTED = [
    "../../x",
    "..",
    "#hash",
    "a/b\\c",
    "🤡" * 32,
    "\u202eevil.gpj",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "%2e%2e%2f",
    "batch#poison",
]
REFUSED = {
    "ten megabytes of name": "x" * (10 << 20),
    "a thousand bytes of name": "n" * 1_000,
    "NUL": "nul\x00l",
    "newline": "two\nlines",
    "nothing": "",
    "blanks": "   ",
}


def test_absurd_names_stop_nothing_and_stay_in_their_folders(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    names = [*ACCEPTED, *REFUSED.values()]
    sample = make_sample(
        pipeline.covers, [plain_creator("absurd", 58, len(names))], seed=41, awkward=False
    )
    path = tmp_path / "absurd.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["creator_name", "cover_url", "created_at"])
        for name, row in zip(names, sample.rows, strict=True):
            writer.writerow([name, row.cover, "2026-11-01 00:00:00"])
        writer.writerow(["good.one", "{" * (10 << 20), "2026-11-01 00:00:00"])
    pipeline.push(f"--csv={path}", "--flush", "--batch-id=poison")

    status = pipeline.status("poison")
    assert status["refused"] == {"bad_creator": len(REFUSED), "bad_json": 1}
    assert (status["rows_accepted"], status["collages"]) == (len(ACCEPTED), len(ACCEPTED))
    assert (status["images_ok"], status["images_failed"]) == (len(ACCEPTED), 0)

    stored = [
        json.loads(line)
        for key in pipeline.keys("failed/rows/poison/")
        for line in pipeline.read(key).splitlines()
    ]
    assert sorted(row["reason"] for row in stored) == ["bad_creator"] * len(REFUSED) + ["bad_json"]
    assert all(len(json.dumps(row)) < 10_000 for row in stored)

    keys = pipeline.keys("collages/by-creator/")
    folders = {key.split("/")[2] for key in keys}
    expected = {creator_key(creator_of(name)) for name in ACCEPTED}
    assert expected <= folders
    assert len(expected) == len(ACCEPTED)
    for folder in folders:
        assert re.fullmatch(r"[A-Za-z0-9_=.\-]+", folder)
        assert folder not in {".", ".."}
        assert creator_key(creator_name(folder)) == folder
    assert all(key.count("/") == 3 for key in keys)
