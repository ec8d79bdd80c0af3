from __future__ import annotations

import pytest

from ops_dashboard.planner.overrides import read_numbers
from stream_ingest.contracts.errors import UserError

KNOWN = ("event", "s3_put")


def test_numbers_are_read_by_name() -> None:
    assert read_numbers(b'{"s3_put": 0, "event": 1.5}', KNOWN, "--prices x") == {
        "s3_put": 0.0,
        "event": 1.5,
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"s3_putt": 1}', "'s3_putt' is unknown; known are event, s3_put"),
        (b'{"s3_put": "1"}', "s3_put is '1', not a number"),
        (b'{"s3_put": true}', "s3_put is True, not a number"),
        (b'{"s3_put": -1}', "s3_put is -1, less than 0"),
        (b'{"a": 1, "event": null}', "'a' is unknown; event is None, not a number"),
        (b"[1]", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"", "not a JSON object"),
    ],
)
def test_every_problem_in_a_file_is_named(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match="--prices x: ") as raised:
        read_numbers(data, KNOWN, "--prices x")
    assert message in str(raised.value)
