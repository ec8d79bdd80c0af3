from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.contracts.batch_options import NO_OPTIONS, BatchOptions
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import (
    BATCH_END,
    BatchSettings,
    CollageLayout,
    DownloadLimits,
)
from stream_ingest.intake.request_message import read_request, request_settings

LITERAL = {
    "processing_type": "csv_s3",
    "s3_bucket": "tiktok-image-input",
    "s3_key": "manual-uploads/batch_20250119.csv",
    "output_prefix": "sqs-trigger/",
    "processing_config": {
        "group_by_creator": True,
        "rows": 5,
        "cols": 7,
        "max_images_per_creator": 35,
        "quality": 95,
        "max_workers": 8,
        "timeout": 30,
        "max_retries": 3,
    },
}
"""The message as it is in use."""


def message(**fields: object) -> dict[str, Any]:
    return {"s3_bucket": "input", "s3_key": "a.csv", **fields}


def settings(defaults: BatchOptions = NO_OPTIONS, **config: object) -> BatchSettings:
    return request_settings(read_request(message(processing_config=config)), defaults)


def test_the_message_that_is_in_use_is_understood_as_it_is() -> None:
    request = read_request(LITERAL)
    assert request.notes == ()
    assert request_settings(request, NO_OPTIONS) == BatchSettings(
        layout=CollageLayout(rows=5, cols=7, quality=95),
        images_per_window=35,
        flush=BATCH_END,
        prefix="sqs-trigger",
        downloads=DownloadLimits(timeout_s=30, tries=3, at_once=8),
    )


def test_a_request_that_names_nothing_but_a_file_has_the_defaults() -> None:
    assert settings() == BatchSettings(flush=BATCH_END)
    defaults = BatchOptions(quality=70, flush="never")
    assert settings(defaults) == BatchSettings(layout=CollageLayout(quality=70), flush=BATCH_END)
    assert settings(defaults, flush="never").flush.kind == "never"


def test_a_maximum_of_images_is_lowered_by_a_smaller_grid_but_an_exact_number_is_not() -> None:
    assert settings(rows=2, cols=2, max_images_per_creator=35).images_per_window == 4
    assert settings(rows=4, cols=6, max_images_per_creator=20).images_per_window == 20
    with pytest.raises(
        UserError, match=r"processing_config\.images_per_window 35 does not fit 2x2"
    ):
        settings(rows=2, cols=2, images_per_window=35)


def test_no_retry_is_one_try() -> None:
    assert settings(max_retries=0).downloads == DownloadLimits(tries=1)


def test_null_is_the_same_as_absent() -> None:
    request = read_request(message(processing_config=None, output_prefix=None, batch_id=None))
    assert request.options == NO_OPTIONS
    assert settings(rows=None, timeout=None) == BatchSettings(flush=BATCH_END)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"processing_type": "video"}, "processing_type 'video': expected csv_s3 or csv_batch"),
        ({"s3_key": ""}, "s3_key: expected text of 1 to 1,024 characters"),
        ({"s3_key": 7}, "s3_key: expected text"),
        ({"s3_key": None}, "s3_key is missing"),
        ({"output_prefix": "../up"}, "output_prefix '../up': expected folder names"),
        ({"output_prefix": 7}, "output_prefix 7: expected folder names"),
        ({"batch_id": "no spaces"}, "batch_id: expected 1 to 120 letters"),
        ({"processing_config": [1]}, "processing_config: expected an object"),
        ({"processing_config": {"rows": 41}}, "processing_config.rows 41: expected a whole"),
        ({"processing_config": {"rows": True}}, "processing_config.rows true"),
        ({"processing_config": {"rows": 40, "cols": 40}}, "40x40 cells hold more than 400"),
        ({"processing_config": {"quality": 0}}, "processing_config.quality 0"),
        ({"processing_config": {"timeout": -1}}, "processing_config.timeout -1"),
        ({"processing_config": {"max_workers": 0}}, "processing_config.max_workers 0"),
        ({"processing_config": {"max_retries": 1.5}}, "processing_config.max_retries 1.5"),
        ({"processing_config": {"max_retries": False}}, "processing_config.max_retries false"),
        ({"processing_config": {"group_by_creator": "no"}}, "group_by_creator 'no'"),
        (
            {"processing_config": {"timeout": 9, "download_timeout_s": 8}},
            "processing_config.timeout and processing_config.download_timeout_s contradict",
        ),
        (
            {"output_prefix": "a", "processing_config": {"output_prefix": "b"}},
            "processing_config.output_prefix and output_prefix contradict each other",
        ),
    ],
)
def test_a_field_that_is_wrong_is_named(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        request_settings(read_request(message(**fields)), NO_OPTIONS)
    assert complaint in str(caught.value)


def test_unknown_fields_have_no_effect_and_are_noted_with_the_nearest_name() -> None:
    request = read_request(
        message(priority="high", outputprefix="x", processing_config={"qualty": 80, "gpu": True})
    )
    assert request.options == NO_OPTIONS
    assert request.notes == (
        "priority is not a known field and has no effect",
        "outputprefix is not a known field and has no effect; did you mean output_prefix?",
        "processing_config.qualty is not a known field and has no effect; did you mean quality?",
        "processing_config.gpu is not a known field and has no effect",
    )


def test_two_requests_have_the_same_digest_if_they_request_the_same() -> None:
    digest = read_request(message(processing_config={"timeout": 9})).digest
    same = {"download_timeout_s": "9", "unknown": 1}
    assert read_request(message(processing_config=same)).digest == digest
    assert read_request(message(processing_config={"timeout": 8})).digest != digest
