from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.batch_options import NO_OPTIONS, BatchOptions
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BATCH_END, CollageLayout
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.requests import Requests
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import BUCKETS_READ, INPUT, OTHER, IntakeAws, csv_of

KEY = "manual-uploads/covers.csv"


def request(**fields: object) -> dict[str, Any]:
    return {"processing_type": "csv_batch", "s3_bucket": INPUT, "s3_key": KEY, **fields}


def requests(intake: IntakeAws, defaults: BatchOptions = NO_OPTIONS) -> Requests:
    return Requests(intake.s3, intake.job_store, BUCKETS_READ, defaults)


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


def test_a_message_received_again_has_its_job_also_if_the_stacks_defaults_have_changed(
    intake: IntakeAws,
) -> None:
    intake.drop(KEY, csv_of(5))
    job = requests(intake).job(request(), "m1")
    intake.run(job, "m1")
    again = requests(intake, BatchOptions(fit_rows=True)).job(request(), "m1")
    assert again == job


def test_a_job_of_an_earlier_version_is_recognised_by_its_file(intake: IntakeAws) -> None:
    """Such a job has no digest of its request, and was made without a stack's defaults."""
    intake.drop(KEY, csv_of(5))
    job = requests(intake).job(request(batch_id="mine"), "m1")
    earlier = msgspec.structs.replace(job, requested="", ignored={"max_workers": 8})
    intake.run(earlier, "m1")
    assert requests(intake).job(request(batch_id="mine"), "m2") == earlier


def test_the_stacks_defaults_apply_to_what_a_request_leaves_open(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(5))
    defaults = BatchOptions(quality=70, fit_rows=True, flush="never")
    config = {"fit_rows": False}
    job = requests(intake, defaults).job(request(processing_config=config), "m")
    assert job.header.settings.layout == CollageLayout(quality=70)
    assert job.header.settings.flush == BATCH_END


def test_the_batch_remembers_what_had_no_effect(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(5))
    job = requests(intake).job(request(priority="high"), "m")
    intake.run(job)
    progress = intake.aws.registry.progress(job.batch_id)
    assert progress is not None
    assert progress.notes == ("priority is not a known field and has no effect",)


def test_only_allowed_buckets_are_read(intake: IntakeAws) -> None:
    with pytest.raises(UserError, match="expected 'input' or 'tiktok-image-input', not 'secrets'"):
        requests(intake).job(request(s3_bucket="secrets"), "m")


def test_a_file_of_another_bucket_is_read_and_its_report_is_stored_in_ours(
    intake: IntakeAws,
) -> None:
    intake.s3.create_bucket(Bucket=OTHER)
    intake.s3.put_object(Bucket=OTHER, Key=KEY, Body=csv_of(3) + b'x,"unended\n')
    job = requests(intake).job(request(s3_bucket=OTHER), "m")
    assert intake.run(job) is JobOutcome.UNREADABLE
    assert len(intake.folded()[job.batch_id]) == 3
    assert intake.aws.keys_in(OTHER) == [KEY]
    (report,) = intake.files()
    assert report.endswith(f"{job.batch_id}/{KEY}.errors.json")


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


def test_a_request_whose_file_is_gone_by_then_names_its_key(intake: IntakeAws) -> None:
    intake.drop(KEY, b"a,b\n")
    job = requests(intake).job(request(), "m")
    intake.s3.delete_object(Bucket=INPUT, Key=KEY)
    with pytest.raises(UserError, match=r"s3_key 'manual-uploads/covers\.csv': there is no object"):
        intake.run(job)
