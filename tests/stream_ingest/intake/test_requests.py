from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BATCH_END, BatchSettings, CollageLayout
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.requests import Requests, read_request, settings_of
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import INPUT, IntakeAws, csv_of

KEY = "manual-uploads/covers.csv"


def request(**fields: object) -> dict[str, Any]:
    return {"processing_type": "csv_batch", "s3_bucket": INPUT, "s3_key": KEY, **fields}


def test_every_field_that_teams_know_is_taken() -> None:
    config = {
        "group_by_creator": False,
        "rows": 4,
        "cols": 6,
        "max_images_per_creator": 20,
        "quality": 80,
        "max_workers": 8,
        "timeout": 300,
        "max_retries": 3,
    }
    read = read_request(request(output_prefix="team-a/week_7", processing_config=config))
    assert settings_of(read) == BatchSettings(
        layout=CollageLayout(rows=4, cols=6, quality=80),
        images_per_window=20,
        flush=BATCH_END,
        prefix="team-a/week_7",
        group_by_creator=False,
    )
    assert read.processing_config.ignored() == {"max_workers": 8, "timeout": 300, "max_retries": 3}


def test_a_request_that_names_nothing_but_a_file_runs_it_as_ever() -> None:
    settings = settings_of(read_request({"s3_bucket": INPUT, "s3_key": KEY}))
    assert settings == BatchSettings(flush=BATCH_END)


def test_a_collage_holds_no_more_images_than_its_grid_has_cells() -> None:
    config = {"rows": 2, "cols": 2, "max_images_per_creator": 35}
    assert settings_of(read_request(request(processing_config=config))).images_per_window == 4


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"processing_type": "video"}, "$.processing_type"),
        ({"s3_key": ""}, "$.s3_key"),
        ({"s3_key": 7}, "$.s3_key"),
        ({"output_prefix": "../up"}, "$.output_prefix"),
        ({"output_prefix": "/a"}, "$.output_prefix"),
        ({"output_prefix": "a/"}, "$.output_prefix"),
        ({"colour": "red"}, "`colour`"),
        ({"batch_id": "no spaces"}, "$.batch_id"),
        ({"processing_config": []}, "$.processing_config"),
        ({"processing_config": {"rows": 41}}, "$.processing_config.rows"),
        ({"processing_config": {"rows": "5"}}, "$.processing_config.rows"),
        ({"processing_config": {"rows": True}}, "$.processing_config.rows"),
        ({"processing_config": {"rows": 40, "cols": 40}}, "$.processing_config.rows"),
        ({"processing_config": {"quality": 0}}, "$.processing_config.quality"),
        ({"processing_config": {"timeout": -1}}, "$.processing_config.timeout"),
        ({"processing_config": {"max_workers": 0}}, "$.processing_config.max_workers"),
        ({"processing_config": {"max_retries": 1.5}}, "$.processing_config.max_retries"),
        ({"processing_config": {"group_by_creator": "no"}}, "group_by_creator"),
        ({"processing_config": {"row": 5}}, "`row`"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields: dict[str, object], field: str) -> None:
    with pytest.raises(UserError) as caught:
        settings_of(read_request(request(**fields)))
    assert field in str(caught.value)


def requests(intake: IntakeAws) -> Requests:
    return Requests(intake.s3, intake.job_store, INPUT)


def test_a_message_received_again_asks_for_the_same_job_and_another_message_for_another(
    intake: IntakeAws,
) -> None:
    intake.drop(KEY, csv_of(5))
    first = requests(intake).job(request(), "m1")
    assert requests(intake).job(request(), "m1") == first
    assert requests(intake).job(request(), "m2").batch_id != first.batch_id
    assert first.header.trigger == "sqs-trigger"
    assert not first.moves


def test_a_request_with_an_id_is_one_batch_however_often_it_is_sent(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(5))
    requested = request(batch_id="mine")
    assert intake.run(requests(intake).job(requested, "m1"), "m1") is JobOutcome.DONE
    intake.s3.delete_object(Bucket=INPUT, Key=KEY)
    assert intake.run(requests(intake).job(requested, "m2"), "m2") is JobOutcome.NOT_NEEDED
    for other in ({"processing_config": {"rows": 4}}, {"s3_key": "other.csv"}):
        with pytest.raises(UserError, match="batch_id: 'mine' is another batch already"):
            requests(intake).job({**requested, **other}, "m3")


def test_the_files_of_others_are_not_read(intake: IntakeAws) -> None:
    with pytest.raises(UserError, match="s3_bucket: expected 'input', not 'secrets'"):
        requests(intake).job(request(s3_bucket="secrets"), "m")


def test_the_file_of_a_request_stays_where_it_is(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(5))
    assert intake.run(requests(intake).job(request(), "m")) is JobOutcome.DONE
    assert intake.files() == [KEY]


def test_without_grouping_the_rows_of_all_creators_are_one_stream_in_their_order(
    intake: IntakeAws,
) -> None:
    intake.drop(KEY, csv_of(250, creators=40))
    job = requests(intake).job(request(processing_config={"group_by_creator": False}), "m")
    assert intake.run(job, chunk_rows=60) is JobOutcome.DONE
    assert intake.folded()[job.batch_id] == [object_id(number) for number in range(250)]
    assert {name for record in intake.records() for name in record.creators} == {
        f"mixed-{job.batch_id}"
    }


def test_a_request_whose_file_is_not_readable_names_its_key(intake: IntakeAws) -> None:
    intake.drop(KEY, b"a,b\n")
    job = requests(intake).job(request(), "m")
    with pytest.raises(UserError, match=r"s3_key 'manual-uploads/covers\.csv': line 1"):
        intake.run(job)
    assert intake.files() == [KEY]
