"""Whoever is let in has to come by the front door: every rule, and what gets around it."""

from __future__ import annotations

import pytest

from ops_dashboard.console.access import (
    CHANGE_HEADER,
    Access,
    Refusal,
    Request,
    is_loopback,
)

OPEN = Access(change_token="change")
CLOSED = Access(change_token="change", access_token="a-long-access-token")
OWN = {"Origin": "http://localhost:8717", CHANGE_HEADER: "change"}


def asked(  # noqa: PLR0913 - all that is judged
    access: Access = OPEN,
    *,
    method: str = "GET",
    path: str = "/api/batches",
    host: str = "localhost:8717",
    headers: dict[str, str] | None = None,
    session: str | None = None,
) -> Refusal | None:
    return access.refusal(
        Request(method=method, path=path, host=host, headers=headers or {}, session=session)
    )


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8717", "LOCALHOST:1", "127.0.0.1:8717", "[::1]:8717", "10.0.0.7"],
)
def test_addresses_and_localhost_are_answered(host: str) -> None:
    assert asked(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8717",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "2130706433.example",
        "",
        "[::1",
        "[evil]",
        "localhost:8717/evil.example?",
    ],
)
def test_a_name_that_anybody_can_point_here_is_refused(host: str) -> None:
    """DNS rebinding: the browser thinks that the console is evil.example's own server."""
    if host.startswith("localhost:8717/"):
        assert asked(host=host, method="POST", headers=OWN) is Refusal.ORIGIN
    else:
        assert asked(host=host) is Refusal.HOST


def test_a_name_that_the_operator_gave_is_answered() -> None:
    access = Access(change_token="change", names=frozenset({"ops.example"}))
    assert asked(access, host="OPS.example:8717") is None
    assert asked(access, host="www.ops.example") is Refusal.HOST


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
@pytest.mark.parametrize("mode", ["cors", "no-cors", "navigate", "websocket"])
@pytest.mark.parametrize("path", ["/api/batches", "/media/collage/ann:000001", "/"])
def test_another_site_may_open_pages_and_nothing_else(site: str, mode: str, path: str) -> None:
    """``same-site`` is another port of this machine."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    opens_a_page = mode == "navigate" and path == "/"
    assert asked(path=path, headers=headers) is (None if opens_a_page else Refusal.SITE)


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        (OWN, None),
        ({}, Refusal.ORIGIN),
        (OWN | {"Origin": "null"}, Refusal.ORIGIN),
        (OWN | {"Origin": "http://evil.example"}, Refusal.ORIGIN),
        (OWN | {"Origin": "http://localhost:9999"}, Refusal.ORIGIN),
        (OWN | {"Origin": "file://localhost:8717"}, Refusal.ORIGIN),
        ({"Origin": "http://localhost:8717"}, Refusal.CHANGE_TOKEN),
        (OWN | {CHANGE_HEADER: "chang"}, Refusal.CHANGE_TOKEN),
        (OWN | {CHANGE_HEADER: "\u00e9"}, Refusal.CHANGE_TOKEN),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "SOMETHING"])
def test_a_change_needs_our_origin_and_our_pages_token(
    method: str, headers: dict[str, str], refusal: Refusal | None
) -> None:
    assert asked(method=method, headers=headers) is refusal


@pytest.mark.parametrize("path", ["/", "/api/batches", "/media/collage/x", "/loginx", "/staticx/"])
def test_beyond_loopback_all_but_the_way_in_needs_the_token(path: str) -> None:
    assert asked(CLOSED, path=path) is Refusal.ACCESS_TOKEN
    assert asked(CLOSED, path=path, session="wrong") is Refusal.ACCESS_TOKEN
    assert asked(CLOSED, path=path, session=CLOSED.session) is None
    assert asked(CLOSED, path="/login") is None
    assert asked(CLOSED, path="/static/base.css") is None


def test_a_session_does_not_stand_for_the_change_token() -> None:
    headers = {"Origin": "http://localhost:8717"}
    assert (
        asked(CLOSED, method="POST", headers=headers, session=CLOSED.session)
        is Refusal.CHANGE_TOKEN
    )
    assert asked(CLOSED, method="POST", headers=OWN) is Refusal.ACCESS_TOKEN


def test_the_cookie_does_not_hold_the_token_and_only_the_token_opens() -> None:
    assert "a-long-access-token" not in CLOSED.session
    assert CLOSED.opens("a-long-access-token")
    assert not CLOSED.opens("a-long-access-toke")
    assert not CLOSED.opens("")
    assert not OPEN.opens("")
    assert not OPEN.opens("None")


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - the case to be told
        ("::", False),
        ("192.168.1.4", False),
        ("ops.example", False),
    ],
)
def test_loopback_is_told_from_what_others_can_reach(host: str, only_here: bool) -> None:  # noqa: FBT001 - a case
    assert is_loopback(host) is only_here
