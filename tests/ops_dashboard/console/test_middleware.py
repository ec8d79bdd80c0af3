from __future__ import annotations

import html
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import urlencode

import pytest
from aiohttp import web
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from ops_dashboard.console.access import Access
from ops_dashboard.console.account import Account
from ops_dashboard.console.middleware import SESSION_COOKIE
from ops_dashboard.console.server import make_app, new_access
from tests.ops_dashboard.console.running import RunningConsole, running

TOKEN = "a-token-of-this-test"
PAGES = ["/", "/creators", "/gallery", "/failures", "/replay", "/upload", "/photos", "/alarms"]


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


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("GET", "/batches/x/y/z"), ("POST", "/")]
)
def test_an_error_of_a_page_is_a_page_with_the_navigation(
    console: RunningConsole, method: str, path: str
) -> None:
    answer = console.ask(method, path, headers=console.own_headers())
    assert answer.status in {404, 405}
    assert answer.headers["Content-Type"].startswith("text/html")
    assert '<a href="/gallery">' in answer.text
    assert path in answer.text


def test_the_path_of_an_error_page_is_escaped(console: RunningConsole) -> None:
    assert "<script>alert" not in console.get("/%3Cscript%3Ealert(1)%3C/script%3E").text


@pytest.mark.parametrize("path", ["/api/nothing", "/static/nothing.js", "/media/x"])
def test_an_error_of_what_scripts_request_is_json(console: RunningConsole, path: str) -> None:
    answer = console.get(path)
    assert (answer.status, list(answer.json)) == (404, ["error"])


def test_a_page_of_an_error_needs_the_access_token_too(closed: RunningConsole) -> None:
    answer = closed.get("/nothing")
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=%2Fnothing")
    assert closed.access.change_token not in answer.text


async def broken(request: web.Request) -> NoReturn:
    raise RuntimeError(request.path)


def test_a_defect_is_a_page_or_json_without_the_traceback_which_is_logged(
    account: Account, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    def make() -> web.Application:
        app = make_app(account, access)
        app.add_routes([web.get("/broken", broken), web.get("/api/broken", broken)])
        return app

    with running(make, access) as there:
        page, data = there.get("/broken"), there.get("/api/broken")
    assert (page.status, data.status) == (500, 500)
    assert "defect" in page.text
    assert "defect" in data.json["error"]
    assert "RuntimeError" not in page.text + data.text
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), 504),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), 504),
        (ClientError({"Error": {"Code": "Throttling"}}, "DescribeAlarms"), 503),
        (ClientError({"Error": {"Code": "ValidationError"}}, "DescribeAlarms"), 502),
    ],
)
def test_no_answer_of_aws_differs_from_an_error_of_aws(
    account: Account,
    console: RunningConsole,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
) -> None:
    def fail(**_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(account.cloudwatch, "get_dashboard", fail)
    assert console.get("/api/alarms").status == status
