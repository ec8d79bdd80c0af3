"""The function answers its page's requests, and every other one with a sentence."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from rendition_lambda.extensions import ACCEPT, RAW_OF_TIFF
from rendition_lambda.links.pages import Pages
from rendition_lambda.links.requests import MAX_BODY_BYTES
from rendition_lambda.links.routes import Routes
from rendition_lambda.uploading.signed import PART_BYTES
from tests.fakes.photos.link_stack import LinkStack

ORIGIN = "https://uploads.s3.eu-west-1.amazonaws.com"


@pytest.fixture
def routes(stack: LinkStack) -> Routes:
    return Routes(stack.api, Pages(ORIGIN))


def event(method: str, path: str, body: object = None, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of an event
    """Return a request as a function URL delivers it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path}},
        "isBase64Encoded": False,
        **({} if body is None else {"body": body if isinstance(body, str) else json.dumps(body)}),
        **changed,
    }


def post(routes: Routes, action: str, **fields: object) -> tuple[int, Any]:
    answer = routes.answer(event("POST", f"/upload/{action}", fields))
    return answer["statusCode"], json.loads(answer["body"])


def test_the_page_and_its_files_are_served(routes: Routes) -> None:
    page = routes.answer(event("GET", "/upload/"))
    assert page["headers"]["Content-Type"] == "text/html; charset=utf-8"
    named, seen = re.findall(r'(?:src|href)="([^"]+)"', page["body"]), set[str]()
    while named:
        name = named.pop()
        answer = routes.answer(event("GET", f"/upload/{name}"))
        assert answer["statusCode"] == 200
        seen.add(name)
        named += set(re.findall(r'from "\./([^"]+)"', answer["body"])) - seen
    assert {"page.css", "links.js", "sending.js"} < seen


def test_the_page_may_only_reach_the_function_and_the_bucket(routes: Routes) -> None:
    headers = routes.answer(event("GET", "/upload/"))["headers"]
    policy = headers["Content-Security-Policy"]
    assert f"connect-src 'self' {ORIGIN};" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers


def test_no_inline_code_is_in_the_page(routes: Routes) -> None:
    """The policy would refuse it."""
    page = routes.answer(event("GET", "/upload/"))["body"]
    assert re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page) is None


def test_a_file_is_signed_by_requests_alone(routes: Routes, stack: LinkStack) -> None:
    link = stack.issue()
    status, offer = post(routes, "describe", link=link)
    assert (status, offer["files_left"]) == (200, 3)
    status, begun = post(routes, "begin", link=link, name="a.jpg", bytes=5, modified=7)
    assert (status, begun) == (200, {"part_bytes": PART_BYTES, "missing": [1]})
    status, begun = post(routes, "begin", link=link, name="b.jpg", bytes=20_000_000)
    assert (status, begun["missing"]) == (200, [1, 2, 3])
    status, signed = post(routes, "parts", link=link, name="b.jpg", numbers=[2])
    assert (status, signed["parts"][0]["number"]) == (200, 2)
    status, refused = post(routes, "complete", link=link, name="b.jpg")
    assert (status, refused["error"]) == (428, "wedding/b.jpg: 3 parts are still to be sent")
    assert post(routes, "abort", link=link, name="b.jpg") == (200, {})
    assert post(routes, "abort", link=link, name="b.jpg")[0] == 410


def test_the_page_offers_the_files_that_are_rendered(routes: Routes) -> None:
    page = routes.answer(event("GET", "/upload/"))["body"]
    assert f'accept="{ACCEPT}"' in page
    assert {".jpg", ".heic", ".nrw", ".cr3", *RAW_OF_TIFF} <= set(ACCEPT.split(","))


def test_every_wrong_link_gets_the_same_answer(routes: Routes, stack: LinkStack) -> None:
    """Nobody learns which links exist."""
    link = stack.issue()
    answers = [
        post(routes, "describe", link=text) for text in ("", "x", link[:-4], link[2:], f"{link}x")
    ]
    assert {status for status, _ in answers} == {403}
    assert len({json.dumps(body) for _, body in answers}) == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (event("GET", "/upload/../handler.py"), 404),
        (event("GET", "/upload/page/index.html"), 404),
        (event("GET", "/"), 404),
        (event("GET", "/index.html"), 404),
        (event("GET", "/upload"), 404),
        (event("PUT", "/upload/"), 405),
        (event("DELETE", "/upload/begin"), 405),
        (event("OPTIONS", "/upload/begin"), 405),
        (event("POST", "/upload/"), 404),
        (event("POST", "/upload/answer", {}), 404),
        (event("POST", "/describe", {}), 404),
        (event("POST", "/upload/describe"), 400),
        (event("POST", "/upload/describe", ""), 400),
        (event("POST", "/upload/describe", "[]"), 400),
        (event("POST", "/upload/describe", '{"link": 5}'), 400),
        (event("POST", "/upload/describe", '{"link": '), 400),
        (event("POST", "/upload/begin", {"link": "x", "name": "a", "bytes": "5"}), 400),
        (event("POST", "/upload/parts", {"link": "x", "name": "a", "numbers": 1}), 400),
        (event("POST", "/upload/describe", "x" * (MAX_BODY_BYTES + 1)), 413),
        (event("POST", "/upload/describe", "x" * (3 * MAX_BODY_BYTES)), 413),
        (event("POST", "/upload/describe", "%%%", isBase64Encoded=True), 400),
        (event("POST", "/upload/describe", {}, headers={"content-type": "text/plain"}), 415),
        (event("POST", "/upload/describe", {}, headers={}), 415),
    ],
)
def test_a_request_that_the_page_never_sends_is_refused(
    routes: Routes, request_: dict[str, Any], status: int
) -> None:
    answer = routes.answer(request_)
    assert answer["statusCode"] == status
    assert json.loads(answer["body"])["error"]


def test_a_body_in_base64_is_read(routes: Routes, stack: LinkStack) -> None:
    body = base64.b64encode(json.dumps({"link": stack.issue()}).encode()).decode()
    answer = routes.answer(event("POST", "/upload/describe", body, isBase64Encoded=True))
    assert answer["statusCode"] == 200


def test_what_is_signed_is_stored_nowhere(routes: Routes, stack: LinkStack) -> None:
    body = {"link": stack.issue()}
    answer = routes.answer(event("POST", "/upload/describe", body))
    assert answer["headers"]["Cache-Control"] == "no-store"
