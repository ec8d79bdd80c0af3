from __future__ import annotations

import base64

import pytest

from ops_dashboard.inspect.cursors import read_cursor, write_cursor
from stream_ingest.contracts.errors import UserError

POSITIONS = {"failed": {"status": "failed", "creator_name": "=E2=80=AE"}, "ready": {"item": "x"}}


def test_a_cursor_can_be_read_back_and_is_safe_in_a_url() -> None:
    text = write_cursor(POSITIONS)
    assert read_cursor(text, {"failed", "ready", "queued"}) == POSITIONS
    assert text.replace("-", "").replace("_", "").isalnum()


def test_without_a_cursor_a_listing_starts_at_the_beginning() -> None:
    assert read_cursor(None, {"failed"}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "<script>",
        "é",
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        write_cursor({})[:2],
    ],
)
def test_an_invalid_cursor_is_rejected(text: str) -> None:
    with pytest.raises(UserError, match="not a cursor"):
        read_cursor(text, {"failed"})


def test_a_cursor_of_another_listing_is_rejected() -> None:
    with pytest.raises(UserError, match="another listing"):
        read_cursor(write_cursor(POSITIONS), {"creators"})
