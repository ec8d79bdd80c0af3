"""Nothing is fetched from elsewhere, nothing is inline, and a browser has little to load."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

import ops_dashboard.console
from ops_dashboard.console.assets import Assets
from tests.ops_dashboard.console.running import RunningConsole

FOLDER = Path(ops_dashboard.console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
STATIC = sorted((FOLDER / "static").iterdir())
PAGES = ["/", "/creators", "/gallery", "/failures", "/replay", "/upload"]
MOST_BYTES = 90_000


def loaded(console: RunningConsole, page: str) -> dict[str, bytes]:
    """Return all files that a browser loads for a page, as they travel."""
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
def test_every_file_of_a_page_is_there_and_all_are_small(
    console: RunningConsole, page: str
) -> None:
    files = loaded(console, page)
    assert sum(map(len, files.values())) < MOST_BYTES
    assert ("uPlot.iife.js" in files) == (page == "/")


def test_a_browser_that_has_a_file_is_told_so(console: RunningConsole) -> None:
    tag = console.get("/static/base.css").headers["ETag"]
    again = console.get("/static/base.css", **{"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/nothing.js",
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
    ],
)
def test_only_the_known_files_can_be_asked_for(console: RunningConsole, path: str) -> None:
    answer = console.get(path)
    assert answer.status == 404
    assert b"aiohttp" not in answer.body


def test_all_files_together_are_small() -> None:
    assert Assets().total_bytes() < 1.3 * MOST_BYTES


@pytest.mark.parametrize("path", [*TEMPLATES, *STATIC], ids=lambda path: path.name)
def test_no_file_names_another_server(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_scripts_styles_or_handlers_of_its_own(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", STATIC, ids=lambda path: path.name)
def test_no_script_makes_elements_out_of_text(path: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert re.findall(forbidden, path.read_text()) == []
