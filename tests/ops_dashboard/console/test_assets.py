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


STATIC_FILE = re.compile(r'(?:src|href)="(/static/[0-9a-f]+)/([^"]+)"')


def folder_of(console: RunningConsole) -> str:
    """Return the address of the folder with the files."""
    (folder,) = {folder for folder, _ in STATIC_FILE.findall(console.get("/").text)}
    return str(folder)


def load(console: RunningConsole, page: str) -> dict[str, bytes]:
    """Return the files that a browser loads for a page, compressed."""
    found_in_page = STATIC_FILE.findall(console.get(page).text)
    folder, names = found_in_page[0][0], {name for _, name in found_in_page}
    found: dict[str, bytes] = {}
    while names - found.keys():
        name = min(names - found.keys())
        answer = console.get(f"{folder}/{name}", **{"Accept-Encoding": "gzip"})
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
    path = f"{folder_of(console)}/base.css"
    tag = console.get(path).headers["ETag"]
    again = console.get(path, **{"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_response_without_body_leaves_the_connection_usable(
    console: RunningConsole, method: str
) -> None:
    """A compressor's trailer after the headers would corrupt the connection's next response."""
    path = f"{folder_of(console)}/base.css"
    tag = console.get(path).headers["ETag"]
    known = {"If-None-Match": tag} if method == "GET" else {}
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=20)
    with contextlib.closing(connection):
        for _ in range(2):
            headers = {"Accept-Encoding": "gzip, deflate", **known}
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            assert (response.status, response.read()) == (304 if known else 200, b"")
        assert connection.sock is not None


@pytest.mark.parametrize(
    "path",
    [
        "/static/0/nothing.js",
        "/static/base.css",
        "/static/0/../server.py",
        "/static/0/%2e%2e/server.py",
        "/static/0/..%2fserver.py",
        "/static/%2e%2e/server.py",
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
def test_files_are_kept_for_good_and_have_exact_types(
    console: RunningConsole, name: str, content_type: str
) -> None:
    headers = console.get(f"{folder_of(console)}/{name}").headers
    assert headers["Content-Type"] == content_type
    assert headers["Cache-Control"] == "max-age=31536000, immutable"
    assert headers["Vary"] == "Accept-Encoding"


def test_files_in_the_folder_of_another_release_are_those_of_this_one_and_not_kept(
    console: RunningConsole,
) -> None:
    current, other = (console.get(f"{each}/dom.js") for each in (folder_of(console), "/static/0"))
    assert other.body == current.body
    assert other.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_all_scripts_that_its_scripts_import(
    console: RunningConsole, page: str
) -> None:
    """Otherwise the browser finds them one level of imports after another."""
    text = console.get(page).text
    named = re.findall(r'<script[^>]* src="/static/[0-9a-f]+/([^"]+)"', text)
    preloaded = re.findall(r'<link rel="modulepreload" href="/static/[0-9a-f]+/([^"]+)"', text)
    assert len(preloaded) == len(set(preloaded))
    scripts = {name for name in load(console, page) if name.endswith(".js")}
    assert scripts == {*named, *preloaded}


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
