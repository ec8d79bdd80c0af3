from __future__ import annotations

import re

import pytest
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.assets import Assets
from ops_dashboard.console.pages import PAGES, PHOTOS, Page, Pages
from ops_dashboard.console.server import new_access
from tests.ops_dashboard.console.running import RunningConsole, running


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_marks_itself_in_the_navigation_and_loads_its_script(
    photos_console: RunningConsole, page: Page
) -> None:
    text = photos_console.get(page.path).text
    assert f"<title>{page.title} · Coverstream</title>" in text
    assert re.findall(r'href="([^"]+)" aria-current="page"', text) == [page.path]
    assert re.search(rf'src="/static/[0-9a-f]+/{page.name}\.js"', text)
    assert 'lang="en"' in text


def test_a_stack_without_photos_says_how_to_turn_them_on(console: RunningConsole) -> None:
    text = console.get("/photos").text
    assert "coverstream:photos true --stack test" in text
    assert 'href="/photos"' not in text
    assert 'id="upload"' not in text
    assert console.get("/api/photos/limits").status == 404
    assert PHOTOS in {page.name for page in PAGES}


def test_a_hostile_stack_name_is_escaped(account: Account) -> None:
    access = new_access(None)
    pages = Pages(access, Assets(), stack='<script>"x', location="</title><b>")

    def make() -> web.Application:
        app = web.Application()
        app.add_routes(pages.routes())
        return app

    with running(make, access) as there:
        text = there.get("/").text
    assert "&lt;script&gt;&#34;x" in text
    assert "<b>" not in text.replace("<b>&lt;script", "")
    assert account.outputs.stack == "test"
