from __future__ import annotations

import json

import pytest

from collage_lambda.messages import read_message
from stream_ingest.contracts.errors import DecodeError
from tests.fakes.collage.events import LAYOUT, envelope, window_image, window_ready

EVENT = window_ready([window_image("http://a/b", "http://c/d")])


def test_a_message_is_read_out_of_its_envelope() -> None:
    message = read_message(envelope(EVENT))
    assert message.event == EVENT
    assert message.replay is None


def test_a_replayed_message_names_its_replay() -> None:
    assert read_message(envelope(EVENT, replay="again")).replay == "again"


def test_the_image_list_may_be_in_s3() -> None:
    event = window_ready([], image_count=35, images_key="processing/windows/charli/000012.json")
    assert read_message(envelope(event)).event == event


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "envelope"),
        ("not json", "envelope"),
        ("[]", "envelope"),
        ("{}", "detail-type"),
        (envelope(EVENT, **{"detail-type": "CollageCreated"}), "not WindowReady"),
        (envelope(EVENT, detail={}), "WindowReady"),
        (envelope(EVENT, detail="text"), "WindowReady"),
        (envelope(window_ready(EVENT.images, image_count=2)), "image_count is 2"),
        (envelope(window_ready([], image_count=1)), "0 images"),
        (envelope(window_ready(EVENT.images * 7)), "do not fit 6 cells"),
        (envelope(window_ready(EVENT.images, window_id="other:000012")), "not one of 'charli'"),
        (envelope(window_ready(EVENT.images, window_id="charli")), "not a window id"),
        (envelope(window_ready(EVENT.images, key_template="{creator}")), "needs {kind} once"),
        (envelope(EVENT, **{"replay-name": 7}), "replay-name"),
    ],
)
def test_a_malformed_message_names_the_wrong_part(body: str, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        read_message(body)


def test_a_time_without_a_zone_is_refused() -> None:
    body = json.loads(envelope(EVENT))
    body["detail"]["closed_at"] = "2026-11-20T23:30:00"
    with pytest.raises(DecodeError, match="time zone"):
        read_message(json.dumps(body))


def test_the_layout_travels_with_the_window() -> None:
    assert read_message(envelope(EVENT)).event.layout == LAYOUT
