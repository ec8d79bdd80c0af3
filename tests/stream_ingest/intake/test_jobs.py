from __future__ import annotations

import re
from typing import Any

import pytest

from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import MAX_BATCH_ID, is_creator_name, mixed_creator
from stream_ingest.intake.jobs import (
    S3_TRIGGER,
    Job,
    decode_body,
    decode_job,
    encode_job,
    job_of,
)
from stream_ingest.intake.uploads import Upload
from stream_ingest.records.codec import BATCH_ID_PATTERN
from tests.fakes.intake_aws import announced_upload


def detail(key: str = "csv-files/covers.csv", **changed: object) -> dict[str, Any]:
    """Return a detail as AWS documents it (Amazon S3 User Guide, EventBridge event structure)."""
    uploaded = {"key": key, "size": 5, "etag": "b1946ac9", "sequencer": "00617F08299329D189"}
    return {
        "version": "0",
        "bucket": {"name": "input"},
        "object": {**uploaded, **changed},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    }


def job_of_upload(detail: dict[str, Any]) -> Job | None:
    return job_of(announced_upload(detail), is_own=True)


def test_an_upload_is_a_batch_of_its_own_that_flushes_at_its_end() -> None:
    job = job_of_upload(detail(**{"version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"}))
    assert job is not None
    assert job.object.version == "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    assert job.object.uri == (
        "s3://input/csv-files/covers.csv?versionId=IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    )
    assert job.header.trigger == S3_TRIGGER
    assert job.header.settings.flush.kind == "batch-end"
    assert job.moves
    assert decode_job(encode_job(job)) == job


def test_the_same_upload_announced_twice_is_one_batch_and_another_upload_is_another() -> None:
    first, again = job_of_upload(detail()), job_of_upload(detail())
    assert first == again
    others = [
        detail("csv-files/other.csv"),
        detail(etag="other"),
        detail(sequencer="00617F08299329D190"),
        detail(**{"version-id": "v"}),
    ]
    ids = {job.batch_id for job in map(job_of_upload, others) if job is not None}
    assert first is not None
    assert len(ids | {first.batch_id}) == 5


@pytest.mark.parametrize(
    "key",
    [
        "csv-files/",
        "csv-files/team a/",
        "csv-files/.DS_Store",
        "csv-files/team a/.covers.csv.swp",
        "csv-files/~$covers.xlsx",
        "csv-files/Thumbs.db",
        "csv-files/__MACOSX/._covers.csv",
        "csv-files/team_$folder$",
        "csv-files/part/_SUCCESS",
        "csv-files/covers.csv.part",
        "csv-files/covers.csv.filepart",
        "manual-uploads/covers.csv",
        "archived/processed/2026/11/21/x/covers.csv",
        "covers.csv",
        "other/csv-files/covers.csv",
    ],
)
def test_other_objects_start_nothing(key: str) -> None:
    assert job_of_upload(detail(key)) is None


@pytest.mark.parametrize(
    "key",
    [
        "csv-files/covers.csv",
        "csv-files/covers.csv.gz",
        "csv-files/COVERS.CSV",
        "csv-files/covers.csv.GZ",
        "csv-files/covers.tsv",
        "csv-files/covers.Txt.gz",
        "csv-files/covers.xlsx",
        "csv-files/covers.zip",
        "csv-files/covers",
        "csv-files/_covers.csv",
        "csv-files/~covers.csv",
        "csv-files/team a/ünï 🤡.csv",
        "csv-files/" + "x" * 500 + ".csv",
    ],
)
def test_any_name_of_a_file_gives_an_id_that_may_name_a_batch(key: str) -> None:
    job = job_of_upload(detail(key))
    assert job is not None
    assert re.match(BATCH_ID_PATTERN, job.batch_id)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("covers.csv", "covers"),
        ("Covers_2026-11-28.v2.CSV.GZ", "Covers_2026-11-28.v2"),
        ("covers.tsv", "covers"),
        ("covers.xlsx", "covers.xlsx"),
        ("export of team 7 (final).csv", "export-of-team-7-final"),
        ("tiktok_creator_covers_part_0001_of_0042.csv", "tiktok_creator_covers_part_0001_of_0042"),
        ("x" * 500 + ".csv", "x" * (MAX_BATCH_ID - len("csv--0123456789abcdef"))),
    ],
)
def test_a_batch_keeps_the_whole_name_of_its_file(name: str, kept: str) -> None:
    job = job_of_upload(detail(f"csv-files/{name}"))
    assert job is not None
    assert re.fullmatch(rf"csv-{re.escape(kept)}-[0-9a-f]{{16}}", job.batch_id)


def test_the_longest_batch_id_gives_a_mixed_creator_that_is_a_name() -> None:
    assert is_creator_name(mixed_creator("b" * MAX_BATCH_ID))


@pytest.mark.parametrize("key", ["a.jpg", "covers.xlsx", "covers.csv.errors.json", "covers.csv/"])
def test_other_files_of_another_bucket_start_nothing(key: str) -> None:
    assert job_of(Upload(bucket="theirs", key=key, etag="e"), is_own=False) is None


def test_the_files_of_another_bucket_are_read_from_any_folder_and_stay_there() -> None:
    upload = Upload(bucket="theirs", key="out/covers.csv", etag="e")
    job = job_of(upload, is_own=False)
    assert job is not None
    assert not job.moves
    assert job_of(upload, is_own=True) is None
    assert job_of(Upload(bucket="theirs", key="out/readme.md"), is_own=False) is None


def test_a_dropped_file_has_the_stacks_defaults_but_flushes_at_its_end() -> None:
    upload = Upload(bucket="input", key="csv-files/covers.csv", etag="e")
    job = job_of(upload, BatchOptions(quality=70, flush="never"), is_own=True)
    assert job is not None
    assert job.header.settings.layout.quality == 70
    assert job.header.settings.flush.kind == "batch-end"


@pytest.mark.parametrize("body", ["", "[]", "{", "\ud800", "null"])
def test_a_body_that_is_no_object_is_an_error(body: str) -> None:
    with pytest.raises(DecodeError, match="the message is not a JSON object"):
        decode_body(body)
