from __future__ import annotations

import html
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from ops_dashboard.console.account import Account
from ops_dashboard.console.middleware import SESSION_COOKIE
from ops_dashboard.console.server import make_app, new_access
from tests.ops_dashboard.console.running import RunningConsole, running

TOKEN = "a-token-of-this-test"
PAGES = ["/", "/creators", "/gallery", "/failures", "/replay", "/upload", "/photos"]


@pytest.fixture
def closed(account: Account) -> Iterator[RunningConsole]:
    """A console that needs an access token."""
    access = new_access(TOKEN)
    with running(lambda: make_app(account, access), access) as there:
        yield there


@pytest.mark.parametrize("path", [*PAGES, "/static/base.css", "/api/batches", "/nothing"])
def test_every_response_has_the_security_headers(console: RunningConsole, path: str) -> None:
    headers = console.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "img-src 'self' data: https://output.s3.us-east-1.amazonaws.com" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


def test_data_and_pages_are_never_cached(console: RunningConsole) -> None:
    for path in (*PAGES, "/api/batches"):
        assert console.get(path).headers["Cache-Control"] == "no-store"


def test_an_unknown_host_name_is_denied(console: RunningConsole) -> None:
    answer = console.get("/", Host="evil.example")
    assert answer.status == 403
    assert console.access.change_token not in answer.text


def test_a_change_from_another_site_is_denied(console: RunningConsole) -> None:
    body = b'{"all": true}'
    forged = {"Origin": "http://evil.example", "Content-Type": "text/plain"}
    assert console.ask("POST", "/api/failures/redrive", body, forged).status == 403
    assert console.ask("POST", "/api/failures/redrive", body).status == 403
    assert console.post("/api/failures/redrive", {"all": True}).status == 200


def test_without_a_session_pages_redirect_to_the_sign_in_and_data_are_denied(
    closed: RunningConsole,
) -> None:
    page = closed.get("/")
    assert (page.status, page.headers["Location"]) == (303, "/login")
    assert closed.get("/api/windows").status == 401
    assert closed.get("/media/collage/ann:000001").status == 401
    assert closed.post("/api/failures/redrive", {"all": True}).status == 401
    assert closed.get("/login").status == 200
    assert closed.access.change_token not in closed.get("/login").text


def test_the_printed_address_signs_in_and_leaves_no_token_in_the_page(
    closed: RunningConsole,
) -> None:
    answer = closed.get(f"/login?token={TOKEN}")
    cookie = answer.headers["Set-Cookie"]
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    assert closed.get("/api/batches", Cookie=cookie.partition(";")[0]).status == 200


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], "%00", "é"])
def test_a_wrong_token_does_not_sign_in(closed: RunningConsole, token: str) -> None:
    form = urlencode({"token": token}).encode()
    answer = closed.ask("POST", "/login", form, {"Origin": f"http://{closed.host}"})
    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers
    assert closed.get("/api/batches", Cookie=f"{SESSION_COOKIE}={token or 'x'}").status == 401


def test_signing_in_leads_back_to_the_page_and_its_filters(closed: RunningConsole) -> None:
    there = "/failures?batch=b%201&reason=expired"
    form = closed.get(closed.get(there).headers["Location"])
    assert f'name="next" value="{html.escape(there)}"' in form.text
    body = urlencode({"token": TOKEN, "next": there}).encode()
    answer = closed.ask("POST", "/login", body, {"Origin": f"http://{closed.host}"})
    assert (answer.status, answer.headers["Location"]) == (303, there)


def test_signing_in_never_leads_to_another_host(closed: RunningConsole) -> None:
    query = urlencode({"token": TOKEN, "next": "//evil.example/"})
    assert closed.get(f"/login?{query}").headers["Location"] == "/"


def test_the_form_signs_in_from_the_consoles_page_only(closed: RunningConsole) -> None:
    form = urlencode({"token": TOKEN}).encode()
    assert closed.ask("POST", "/login", form, {"Origin": f"http://{closed.host}"}).status == 303
    assert closed.ask("POST", "/login", form, {"Origin": "http://evil.example"}).status == 403
    assert closed.ask("POST", "/login", form).status == 403
