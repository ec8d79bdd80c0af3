"""Every access rule, and the ways around it that are known."""

from __future__ import annotations

import pytest

from ops_dashboard.console.access import (
    CHANGE_HEADER,
    Access,
    AccessDenial,
    AccessRequest,
    is_loopback,
    own_page,
)

OPEN = Access(change_token="change")
CLOSED = Access(change_token="change", access_token="a-long-access-token")
OWN = {"Origin": "http://localhost:8717", CHANGE_HEADER: "change"}


def denial(  # noqa: PLR0913 - the parts of a request
    access: Access = OPEN,
    *,
    method: str = "GET",
    path: str = "/api/batches",
    host: str = "localhost:8717",
    headers: dict[str, str] | None = None,
    session: str | None = None,
) -> AccessDenial | None:
    return access.denial(
        AccessRequest(method=method, path=path, host=host, headers=headers or {}, session=session)
    )


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8717", "LOCALHOST:1", "127.0.0.1:8717", "[::1]:8717", "10.0.0.7"],
)
def test_addresses_and_localhost_are_allowed(host: str) -> None:
    assert denial(host=host) is None


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
def test_any_other_host_name_is_denied(host: str) -> None:
    """DNS rebinding: the browser thinks that the console is evil.example's own server."""
    if host.startswith("localhost:8717/"):
        assert denial(host=host, method="POST", headers=OWN) is AccessDenial.ORIGIN
    else:
        assert denial(host=host) is AccessDenial.HOST


def test_a_name_allowed_by_the_operator_is_allowed() -> None:
    access = Access(change_token="change", names=frozenset({"ops.example"}))
    assert denial(access, host="OPS.example:8717") is None
    assert denial(access, host="www.ops.example") is AccessDenial.HOST


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
@pytest.mark.parametrize("mode", ["cors", "no-cors", "navigate", "websocket"])
@pytest.mark.parametrize("path", ["/api/batches", "/media/collage/ann:000001", "/"])
def test_another_site_may_only_open_pages(site: str, mode: str, path: str) -> None:
    """``same-site`` includes other ports of this machine."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    opens_a_page = mode == "navigate" and path == "/"
    assert denial(path=path, headers=headers) is (None if opens_a_page else AccessDenial.SITE)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (OWN, None),
        ({}, AccessDenial.ORIGIN),
        (OWN | {"Origin": "null"}, AccessDenial.ORIGIN),
        (OWN | {"Origin": "http://evil.example"}, AccessDenial.ORIGIN),
        (OWN | {"Origin": "http://localhost:9999"}, AccessDenial.ORIGIN),
        (OWN | {"Origin": "file://localhost:8717"}, AccessDenial.ORIGIN),
        ({"Origin": "http://localhost:8717"}, AccessDenial.CHANGE_TOKEN),
        (OWN | {CHANGE_HEADER: "chang"}, AccessDenial.CHANGE_TOKEN),
        (OWN | {CHANGE_HEADER: "\u00e9"}, AccessDenial.CHANGE_TOKEN),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "SOMETHING"])
def test_a_change_needs_the_own_origin_and_the_change_token(
    method: str, headers: dict[str, str], expected: AccessDenial | None
) -> None:
    assert denial(method=method, headers=headers) is expected


@pytest.mark.parametrize("path", ["/", "/api/batches", "/media/collage/x", "/loginx", "/staticx/"])
def test_with_an_access_token_everything_but_the_sign_in_needs_a_session(path: str) -> None:
    assert denial(CLOSED, path=path) is AccessDenial.ACCESS_TOKEN
    assert denial(CLOSED, path=path, session="wrong") is AccessDenial.ACCESS_TOKEN
    assert denial(CLOSED, path=path, session=CLOSED.session) is None
    assert denial(CLOSED, path="/login") is None
    assert denial(CLOSED, path="/static/base.css") is None


@pytest.mark.parametrize(
    "page", ["/gallery", "/batches/b-1", "/failures?batch=a%2Fb&reason=expired"]
)
def test_a_page_of_the_console_may_be_opened_after_the_sign_in(page: str) -> None:
    assert own_page(page) == page


@pytest.mark.parametrize(
    "address",
    [
        *("", "gallery", "//evil.example", "/\\evil.example", "https://evil.example/", "/a b"),
        *("/a\r\nSet-Cookie: x=y", "/\t/evil.example", "/\u202e", "/login?next=/", "/api/windows"),
        "/media/collage/ann:000001",
    ],
)
def test_any_other_address_is_replaced_by_the_first_page(address: str) -> None:
    assert own_page(address) == "/"


def test_a_session_does_not_replace_the_change_token() -> None:
    headers = {"Origin": "http://localhost:8717"}
    assert (
        denial(CLOSED, method="POST", headers=headers, session=CLOSED.session)
        is AccessDenial.CHANGE_TOKEN
    )
    assert denial(CLOSED, method="POST", headers=OWN) is AccessDenial.ACCESS_TOKEN


def test_the_cookie_does_not_contain_the_token_and_only_the_token_signs_in() -> None:
    assert "a-long-access-token" not in CLOSED.session
    assert CLOSED.is_access_token("a-long-access-token")
    assert not CLOSED.is_access_token("a-long-access-toke")
    assert not CLOSED.is_access_token("")
    assert not OPEN.is_access_token("")
    assert not OPEN.is_access_token("None")


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - the case
        ("::", False),
        ("192.168.1.4", False),
        ("ops.example", False),
    ],
)
def test_loopback_is_distinguished_from_reachable_addresses(host: str, only_here: bool) -> None:  # noqa: FBT001 - a case
    assert is_loopback(host) is only_here
