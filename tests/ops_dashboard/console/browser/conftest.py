"""The console on moto's AWS, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from playwright.sync_api import Browser

from ops_dashboard.console.account import Account
from tests.end_to_end.console_browser import Visit, chromium, visit
from tests.ops_dashboard.console.running import RunningConsole


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for a module; while it runs, nothing else in this process may use asyncio."""
    with chromium() as program:
        yield program


@pytest.fixture(autouse=True)
def _dashboard(account: Account, moto_session: boto3.Session) -> None:
    """Without a dashboard, the header of each page says that the stack is incomplete."""
    moto_session.client("cloudwatch").put_dashboard(
        DashboardName=account.outputs.dashboard_name, DashboardBody='{"widgets": []}'
    )


@pytest.fixture
def here(console: RunningConsole, browser: Browser) -> Iterator[Visit]:
    with visit(browser, f"http://{console.host}") as window:
        window.page.route(
            "**/media/**",
            lambda route: route.fulfill(content_type="image/svg+xml", body=PICTURE),
        )
        yield window


PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="350" height="250"/>'
"""Stands for every collage: S3 is moto's, which a browser cannot reach."""
