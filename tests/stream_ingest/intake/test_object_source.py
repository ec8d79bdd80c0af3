"""Files as people have them, read by the intake; and what their metadata and requests say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.reading import Reading
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.jobs import Job
from tests.fakes.ingest.rows import cover_url
from tests.fakes.intake_aws import INPUT, IntakeAws

CASES = Path(__file__).parents[2] / "cases" / "csv"
OTHERS = {"backslash_escape.csv", "ms.csv", "unclosed.csv"}
FOREIGN = (
    f"Ersteller;Bild;Datum\nann;{cover_url(1)};01.02.2025\nben;{cover_url(2)};01/02/2025\n"
).encode()
KEY = "csv-files/covers.csv"


def rows_of(intake: IntakeAws) -> list[tuple[str, str]]:
    """Return creator and date of every row in the stream, in the order of creators."""
    return sorted(
        (row.creator, str(row.created_at_ms))
        for record in intake.records()
        for row in record.cover_rows()
    )


@pytest.mark.parametrize(
    "name", sorted(each.name for each in CASES.iterdir() if each.name not in OTHERS)
)
def test_every_dialect_of_a_spreadsheet_gives_the_same_three_rows(
    intake: IntakeAws, name: str
) -> None:
    job = intake.job((CASES / name).read_bytes(), f"csv-files/{name}")
    assert intake.run(job) is JobOutcome.DONE
    assert [creator for creator, _ in rows_of(intake)] == ["bella", "charli", "josé"]


def dropped(intake: IntakeAws, data: bytes, metadata: dict[str, str]) -> Job:
    job = intake.job(data)
    intake.s3.put_object(Bucket=INPUT, Key=KEY, Body=data, Metadata=metadata)
    return job


@pytest.mark.parametrize(
    "columns",
    [
        "creator=Ersteller,cover=Bild,created_at=Datum",
        "creator=%45rsteller;cover=bild;created_at=DATUM",
    ],
)
def test_an_objects_metadata_names_its_columns_and_the_kind_of_its_dates(
    intake: IntakeAws, columns: str
) -> None:
    job = dropped(intake, FOREIGN, {"columns": columns, "Dates": "day-first"})
    assert intake.run(job) is JobOutcome.DONE
    assert rows_of(intake) == [("ann", "1738368000000"), ("ben", "1738368000000")]


def test_a_request_names_columns_and_wins_over_metadata(intake: IntakeAws) -> None:
    job = dropped(intake, FOREIGN, {"columns": "cover=nowhere", "dates": "month-first"})
    columns = "creator=Ersteller,cover=Bild,created_at=Datum"
    reading = Reading(columns=columns, dates="day-first")
    assert intake.run(msgspec.structs.replace(job, reading=reading)) is JobOutcome.DONE
    assert rows_of(intake) == [("ann", "1738368000000"), ("ben", "1738368000000")]


def test_a_file_without_a_header_is_read_by_the_numbers_of_its_columns(intake: IntakeAws) -> None:
    data = f"x;2025-02-01;{cover_url(1)};ann\nx;2025-02-01;{cover_url(2)};ben\n".encode()
    job = dropped(intake, data, {"columns": "creator=4,cover=3,created_at=2"})
    assert intake.run(job) is JobOutcome.DONE
    assert rows_of(intake) == [("ann", "1738368000000"), ("ben", "1738368000000")]


def message(**more: object) -> dict[str, Any]:
    return {"s3_bucket": INPUT, "s3_key": KEY, "batch_id": "b1", **more}


@pytest.mark.parametrize(
    "more",
    [
        {"columns": {"creator": "Ersteller", "cover": "Bild", "created_at": "Datum"}},
        {"processing_config": {"columns": "creator=Ersteller,cover=Bild,created_at=Datum"}},
    ],
)
def test_a_message_names_columns_at_either_place(intake: IntakeAws, more: dict[str, Any]) -> None:
    intake.drop(KEY, FOREIGN)
    assert intake.invoke(message(dates="day-first", **more)) == {"batch_id": "b1", "status": "done"}
    assert [creator for creator, _ in rows_of(intake)] == ["ann", "ben"]


def test_two_places_of_a_message_must_not_contradict_each_other(intake: IntakeAws) -> None:
    intake.drop(KEY, FOREIGN)
    config = {"dates": "month-first"}
    answer = intake.invoke(message(dates="day-first", processing_config=config))
    assert answer["error"] == "dates and processing_config.dates contradict each other"


def test_a_job_without_options_is_written_as_earlier_versions_read_it(intake: IntakeAws) -> None:
    intake.drop(KEY, FOREIGN)
    ((job, _),) = intake.reader().orders(message(), "m1")
    assert "reading" not in msgspec.to_builtins(job)
    ((other, _),) = intake.reader().orders(message(batch_id="b2", dates="excel"), "m2")
    assert msgspec.to_builtins(other)["reading"] == {"dates": "excel"}


def test_wrong_metadata_is_an_error_that_names_it(intake: IntakeAws) -> None:
    job = dropped(intake, FOREIGN, {"dates": "european"})
    assert intake.run(job) is JobOutcome.REJECTED
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert (batch.rejected or "").startswith("metadata dates 'european': expected one of day-first")


@pytest.mark.parametrize(("zone", "hours"), [("", 0), ("Asia/Shanghai", -8), ("-03:00", 3)])
def test_an_object_says_in_which_zone_its_times_are(
    intake: IntakeAws, zone: str, hours: int
) -> None:
    data = (
        "creator_name,cover_url,created_at\n"
        f"ann,{cover_url(1)},2025-02-01 00:00:00\nben,{cover_url(2)},2025-02-01T00:00:00Z\n"
    ).encode()
    job = dropped(intake, data, {"timezone": zone})
    assert intake.run(job) is JobOutcome.DONE
    local = 1_738_368_000_000 + hours * 3_600_000
    assert rows_of(intake) == [("ann", str(local)), ("ben", "1738368000000")]
