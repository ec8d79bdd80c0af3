from __future__ import annotations

from typing import Any

import pytest

from collage_lambda.output.announcer import Announcer
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import CollageFailed, convert_detail
from tests.fakes.collage.aws import BUS, CollageAws

EVENT = CollageFailed(
    window_id="charli:000012",
    creator="charli",
    batch_id="batch-1",
    trigger="stream-push",
    metadata_key=None,
    images_failed=1,
    failures={"not_found": 1},
    reason="every image failed",
)


def test_an_event_reaches_the_bus(aws: CollageAws) -> None:
    Announcer(aws.events, BUS).announce(EVENT)
    (heard,) = aws.heard()
    assert (heard["Source"], heard["DetailType"]) == ("coverstream.collage", "CollageFailed")
    assert convert_detail(heard["Detail"], CollageFailed) == EVENT


def test_an_entry_that_the_bus_rejects_is_a_transient_error() -> None:
    """PutEvents answers 200 all the same."""

    class Refusing:
        def put_events(self, **_request: object) -> dict[str, Any]:
            return {
                "FailedEntryCount": 1,
                "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slower"}],
            }

    with pytest.raises(TransientError, match="ThrottlingException"):
        Announcer(Refusing(), BUS).announce(EVENT)  # type: ignore[arg-type]
