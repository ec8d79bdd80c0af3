"""No key is longer than S3 takes, whatever creators, batches, triggers and prefixes are called."""

from __future__ import annotations

import msgspec
import pytest

from collage_lambda.output.key_template import DEFAULT_TEMPLATE, MAX_KEY_BYTES
from collage_lambda.output.keys import keys_of
from stream_ingest.contracts.naming import (
    MAX_BATCH_ID,
    MAX_CREATOR_BYTES,
    MAX_TRIGGER,
    creator_key,
    window_id,
)
from stream_ingest.contracts.settings import MAX_PREFIX
from tests.fakes.collage.events import window_image, window_ready

LONGEST = "#" * MAX_CREATOR_BYTES
"""Each byte is three in a key."""


@pytest.mark.parametrize("template", [None, DEFAULT_TEMPLATE])
def test_every_key_of_a_window_fits(template: str | None) -> None:
    event = window_ready(
        [window_image("http://a/b")],
        window_id=window_id(creator_key(LONGEST), 10**12 - 1),
        creator=LONGEST,
        batch_id="b" * MAX_BATCH_ID,
        trigger="t" * MAX_TRIGGER,
        prefix="p" * MAX_PREFIX,
        key_template=template,
    )
    keys = [key for key in msgspec.structs.astuple(keys_of(event)) if isinstance(key, str)]
    assert len(keys) == 6
    assert max(len(key.encode()) for key in keys) + len("/000.json") <= MAX_KEY_BYTES
