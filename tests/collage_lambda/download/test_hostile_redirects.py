"""Redirects to odd targets end in a failure, and carry nothing along."""

from __future__ import annotations

import pytest

from collage_lambda.download.fetch import Body
from collage_lambda.reasons import Failure
from tests.fakes.collage.network import RawServer, answer, redirect
from tests.fakes.collage.raw_answers import BODY, fetched

pytestmark = pytest.mark.usefixtures("connection_kind")

LOCATIONS = {
    "credentials": "http://user:pass@cdn.test/good",
    "an empty user": "http://@cdn.test/good",
    "a carriage return": "http://cdn.test/good\rX-Injected: 1",
    "a blank": "http://cdn.test/good good",
    "bytes that are no UTF-8": "http://cdn.test/\udcff\udcfe",
    "a host that is no UTF-8": "http://\udcff.test/good",
    "only a fragment": "#",
    "only a query": "?",
    "a dot": ".",
    "a scheme alone": "http:",
    "two slashes": "//",
    "a port that is none": "//cdn.test:port/good",
    "percent signs": "/%%%",
    "9,000 characters": "/" + "a" * 9_000,
    "data": "data:image/png;base64,AAAA",
    "two thousand steps up": "/" + "../" * 2_000,
}


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_an_odd_location_is_followed_to_a_failure(raw_server: RawServer, location: str) -> None:
    raw_server.answers["/start"] = [redirect(location)]
    raw_server.answers["/"] = [answer(b"", status="404 Not Found")]
    outcome, good = fetched("/start", "/good")
    assert isinstance(outcome, Failure)
    assert good == Body(data=BODY, attempts=1)
    heads = b"".join(head for _, head in raw_server.requests)
    assert b"X-Injected" not in heads
    assert b"Authorization" not in heads


@pytest.mark.parametrize("location", ["///good", "http://cdn.test/good\nX-Injected: 1"])
def test_an_odd_location_on_the_same_host_is_followed_without_injected_text(
    raw_server: RawServer, location: str
) -> None:
    """A bare line feed begins another header of the answer, which means nothing here."""
    raw_server.answers["/start"] = [redirect(location)]
    assert fetched("/start") == [Body(data=BODY, attempts=1)]
    assert all(b"X-Injected" not in head for _, head in raw_server.requests)


def test_the_first_of_two_locations_is_followed(raw_server: RawServer) -> None:
    raw_server.answers["/start"] = [
        answer(b"", "Location: http://127.0.0.1/", "Location: /good", status="302 Found")
    ]
    (outcome,) = fetched("/start")
    assert isinstance(outcome, Failure)


def test_a_redirect_sees_its_own_cookies_and_no_other_request_does(raw_server: RawServer) -> None:
    """Some servers redirect to the same URL until their cookie comes back."""
    raw_server.answers["/start"] = [
        answer(b"", "Set-Cookie: id=1; Path=/", "Location: /good", status="302 Found")
    ]
    assert fetched("/start", "/good") == [Body(data=BODY, attempts=1)] * 2
    cookies = [b"\r\nCookie: id=1\r\n" in head for _, head in raw_server.requests]
    assert cookies == [False, True, False]


def test_a_cookie_stays_with_its_host(raw_server: RawServer) -> None:
    raw_server.answers["/start"] = [
        answer(b"", "Set-Cookie: id=1", "Location: //other.test/good", status="302 Found")
    ]
    fetched("/start")
    assert all(b"\r\nCookie:" not in head for _, head in raw_server.requests)
