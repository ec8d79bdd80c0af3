from __future__ import annotations

import pytest

from stream_ingest.contracts.naming import MAX_BATCH_ID
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.intake.archive import ERRORS_SUFFIX, MAX_KEY_BYTES, archive_key
from stream_ingest.intake.jobs import Job, job_of
from stream_ingest.intake.uploads import Upload
from tests.fakes.ingest.rows import NOW_S

DAY = f"{from_epoch_s(NOW_S):%Y/%m/%d}"


def job(key: str) -> Job:
    found = job_of(Upload(bucket="input", key=key, etag="e", sequencer="1"), is_own=True)
    assert found is not None
    return found


@pytest.mark.parametrize("path", ["covers.csv", "team-a/november/covers.csv", "a//ü b/c.csv.gz"])
def test_a_file_keeps_its_own_path_below_csv_files(path: str) -> None:
    uploaded = job(f"csv-files/{path}")
    folder = f"{DAY}/{uploaded.batch_id}"
    key = archive_key(uploaded, NOW_S, failed=False)
    assert key == f"archived/processed/{folder}/{path}"
    assert archive_key(uploaded, NOW_S, failed=True) == f"archived/failed/{folder}/{path}"


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("folder/" * 140 + "covers.csv", "/folder/covers.csv"),
        ("ü" * 500 + ".csv", "ü.csv"),
        ("x" * 1000 + "/" + "y" * 5 + ".csv", "/yyyyy.csv"),
    ],
)
def test_a_path_that_would_be_too_long_is_cut_at_its_beginning(path: str, end: str) -> None:
    uploaded = job(f"csv-files/{path}")
    key = archive_key(uploaded, NOW_S, failed=True) + ERRORS_SUFFIX
    assert len(key.encode()) <= MAX_KEY_BYTES
    assert key.endswith(end + ERRORS_SUFFIX)
    assert f"/{uploaded.batch_id}/" in key
    assert len(uploaded.batch_id) <= MAX_BATCH_ID
