"""Pages load nothing from other servers, contain nothing inline, and are small."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import re
from pathlib import Path

import pytest

import ops_dashboard.console
from rendition_lambda.reasons import PhotoFailure
from tests.ops_dashboard.console.running import RunningConsole

FOLDER = Path(ops_dashboard.console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
STATIC = sorted(path for path in (FOLDER / "static").rglob("*") if path.is_file())
PAGES = ["/", "/creators", "/gallery", "/failures", "/replay", "/upload", "/photos", "/alarms"]
MAX_PAGE_BYTES = 90_000


def load(console: RunningConsole, page: str) -> dict[str, bytes]:
    """Return the files that a browser loads for a page, compressed."""
    text = console.get(page).text
    names = set(re.findall(r'(?:src|href)="/static/([^"]+)"', text))
    found: dict[str, bytes] = {}
    while names - found.keys():
        name = min(names - found.keys())
        answer = console.get(f"/static/{name}", **{"Accept-Encoding": "gzip"})
        assert answer.status == 200, name
        found[name] = answer.body
        script = gzip.decompress(answer.body).decode()
        names |= set(re.findall(r'(?:from|import) "\./([^"]+)"', script))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_file_of_a_page_exists_and_together_they_are_small(
    console: RunningConsole, page: str
) -> None:
    files = load(console, page)
    assert sum(map(len, files.values())) < MAX_PAGE_BYTES
    assert ("uPlot.iife.js" in files) == (page in {"/", "/alarms"})


def test_an_unchanged_file_is_not_sent_again(console: RunningConsole) -> None:
    tag = console.get("/static/base.css").headers["ETag"]
    again = console.get("/static/base.css", **{"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_response_without_body_leaves_the_connection_usable(
    console: RunningConsole, method: str
) -> None:
    """A compressor's trailer after the headers would corrupt the connection's next response."""
    tag = console.get("/static/base.css").headers["ETag"]
    known = {"If-None-Match": tag} if method == "GET" else {}
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=20)
    with contextlib.closing(connection):
        for _ in range(2):
            headers = {"Accept-Encoding": "gzip, deflate", **known}
            connection.request(method, "/static/base.css", headers=headers)
            response = connection.getresponse()
            assert (response.status, response.read()) == (304 if known else 200, b"")
        assert connection.sock is not None


@pytest.mark.parametrize(
    "path",
    [
        "/static/nothing.js",
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
    ],
)
def test_only_the_listed_files_are_served(console: RunningConsole, path: str) -> None:
    answer = console.get(path)
    assert answer.status == 404
    assert b"aiohttp" not in answer.body


def test_all_files_together_are_small(console: RunningConsole) -> None:
    files = {name: body for page in PAGES for name, body in load(console, page).items()}
    assert sum(map(len, files.values())) < 1.4 * MAX_PAGE_BYTES


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("theme.js", "text/javascript; charset=utf-8"),
        ("base.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_files_are_revalidated_and_have_exact_types(
    console: RunningConsole, name: str, content_type: str
) -> None:
    headers = console.get(f"/static/{name}").headers
    assert headers["Content-Type"] == content_type
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", [*TEMPLATES, *STATIC], ids=lambda path: path.name)
def test_no_file_names_another_server(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_page_contains_inline_scripts_styles_or_handlers(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", STATIC, ids=lambda path: path.name)
def test_no_script_parses_text_as_html(path: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert re.findall(forbidden, path.read_text()) == []


def test_every_reason_of_a_failed_photo_has_words() -> None:
    text = (FOLDER / "static" / "photos" / "photo_reasons.js").read_text()
    assert set(re.findall(r"^  (\w+): \"", text, re.MULTILINE)) == set(map(str, PhotoFailure))
