"""The console's pages over a table with 5,000 windows in 411 batches, in a real browser.

What a page costs is counted: its requests, its bytes, and what the console asks of AWS for it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from ops_dashboard.console.account import open_account
from ops_dashboard.console.api.uploads import Uploads
from ops_dashboard.console.server import make_app, new_access
from stream_ingest.aws import clients
from tests.end_to_end.console_browser import Visit, visit
from tests.end_to_end.ready_pages import READY_PAGES, ready_ms
from tests.end_to_end.seeded_desk import seeded_desk
from tests.end_to_end.seeded_plan import BATCHES, BIG, SeededBatch
from tests.ops_dashboard.console.running import RunningConsole, running

pytestmark = pytest.mark.timeout(300)

MAX_BYTES = 100_000
"""Maximum weight of a page without its pictures, as it is sent."""
PHONE_PX = 390


@dataclass(frozen=True)
class SeededConsole:
    """A console over the seeded stack, its batches, and the calls that it makes."""

    console: RunningConsole
    batches: list[SeededBatch]
    calls: Counter[str] = field(default_factory=Counter)

    def one(self, story: str, failed: Callable[[float], bool] = lambda _: True) -> str:
        """Return the newest batch, apart from the big one, with a story and a share of failures."""
        return next(
            each.batch_id
            for each in self.batches
            if each.story == story and failed(each.failed) and each.batch_id != BIG
        )


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeededConsole]:
    with pytest.MonkeyPatch.context() as patch, seeded_desk() as (aws, batches):
        for name, value in aws.environment().items():
            patch.setenv(name, value)
        session, access = clients.session(), new_access(None)
        calls: Counter[str] = Counter()
        session.events.register(
            "before-call.*", lambda model, **_: calls.update([model.name]), unique_id="seeded"
        )
        account = open_account(session, aws.instance.stack)
        uploads = Uploads(lambda *_: None, tmp_path_factory.mktemp("uploads"))
        with running(lambda: make_app(account, access, uploads), access) as console:
            yield SeededConsole(console, batches, calls)


@pytest.fixture
def here(seeded: SeededConsole, browser: Browser) -> Iterator[Visit]:
    with visit(browser, f"http://{seeded.console.host}") as window:
        yield window


MAX_REQUESTS = {"batch": 90, "gallery": 140}
"""Requests of a page with pictures; others have 40."""
MAX_CALLS = {
    "/api/alarms": 2, "/api/dashboard?range=1h": 6, "/api/failures/counts": 5, "/api/replays": 1,
    "/api/batches": 36, "/api/batches?outcome=failed": 90, f"/api/batches/{BIG}": 3,
    f"/api/batches/{BIG}/windows": 2, "/api/creators": 3, "/api/windows": 10, "/api/failures": 14,
    "/api/failures/letters": 12, "/api/uploads/all": 2,
    "/api/failures/totals": 110,  # 100 are of part files with refused rows, at the first time
}  # fmt: skip
"""Requests to AWS for what a page loads; none of them grows with the windows of a batch."""


@pytest.mark.parametrize("path", MAX_CALLS)
def test_what_a_page_loads_costs_few_requests_to_aws(seeded: SeededConsole, path: str) -> None:
    seeded.calls.clear()
    assert seeded.console.get(path).status == HTTPStatus.OK
    assert seeded.calls.total() <= MAX_CALLS[path], seeded.calls


@pytest.mark.parametrize("name", READY_PAGES)
def test_a_page_shows_its_data_with_few_requests_and_little_weight(here: Visit, name: str) -> None:
    sent: list[Request] = []
    here.page.on("requestfinished", lambda request: sent.append(request))  # noqa: PLW0108 - no builtin
    ready_ms(here.page, here.base, name)
    here.page.wait_for_load_state("networkidle")
    own = [request for request in sent if request.resource_type != "image"]
    weights = Counter({each.url: each.sizes()["responseBodySize"] for each in own})
    assert weights.total() <= MAX_BYTES, weights.most_common(8)
    assert len(sent) <= MAX_REQUESTS.get(name, 40)


def test_every_batch_is_reached_page_by_page(here: Visit) -> None:
    page = here.open("/batches")
    seen: list[str] = []
    while True:
        expect(page.locator("[data-batch]").first).to_be_visible()
        seen += page.locator("[data-batch]").evaluate_all("all => all.map(e => e.dataset.batch)")
        if not page.locator("#older").is_visible():
            break
        before = seen[-1]
        page.locator("#older").click()
        expect(page.locator(f"[data-batch='{before}']")).to_have_count(0)
    assert len(seen) == len(set(seen)) == BATCHES
    page.locator("#newest").click()
    expect(page.locator(f"[data-batch='{seen[0]}']")).to_be_visible()


def test_filters_are_in_the_address_and_survive_back(seeded: SeededConsole, here: Visit) -> None:
    page = here.open("/batches")
    page.get_by_label("Outcome").select_option("rejected")
    expect(page.locator("[data-outcome='rejected']").first).to_be_visible()
    expect(page.locator("[data-batch]:not([data-outcome='rejected'])")).to_have_count(0)
    name = seeded.one("rejected")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("#progress .notice.bad")).to_contain_text("<script>alert(2)</script>")
    page.go_back()
    expect(page.get_by_label("Outcome")).to_have_value("rejected")
    expect(page.locator("[data-batch]:not([data-outcome='rejected'])")).to_have_count(0)
    page.go_back()
    expect(page.get_by_label("Outcome")).to_have_value("")
    page.get_by_label("From").fill("2001-01-01")
    page.get_by_label("To", exact=True).fill("2001-01-02")
    expect(page.get_by_text("No such batches")).to_be_visible()
    assert page.url.endswith("/batches?from=2001-01-01&to=2001-01-02")


def test_a_search_that_is_not_finished_goes_on_further_back(here: Visit) -> None:
    page = here.open("/batches?outcome=nothing-new")
    expect(page.locator("#searched")).to_contain_text("looked at those since")
    first = page.locator("[data-batch]").first.get_attribute("data-batch")
    page.get_by_role("link", name="Look further back").click()
    expect(page.locator(f"[data-batch='{first}']")).to_have_count(0)
    expect(page.locator("[data-outcome='nothing-new']").first).to_be_visible()


@pytest.mark.parametrize(
    ("story", "failed", "text"),
    [
        ("ended", 0.91, "ended · 91 % failed"),
        ("ended", 1, "ended · all failed"),
        ("all refused", 0, "all refused"),
        ("nothing new", 0, "ended · nothing new"),
        ("rejected", 0, "rejected"),
        ("abandoned", 0.1, "abandoned · 10 % failed"),
        ("sending", 0, "sending rows"),
        ("building", 0, "building collages"),
    ],
)
def test_a_batch_says_what_became_of_it(
    seeded: SeededConsole, here: Visit, story: str, failed: float, text: str
) -> None:
    page = here.open(f"/batches/{seeded.one(story, lambda share: share == failed)}")
    expect(page.locator("#outcome")).to_have_text(text)


def test_reasons_lead_to_the_failures_that_have_them(here: Visit) -> None:
    page = here.open(f"/batches/{BIG}")
    for reason in ("not_found", "no_url"):
        link = page.locator(f"[data-reason='{reason}'] a")
        expect(link).to_have_attribute("href", f"/failures?batch={BIG}&reason={reason}")
    expect(page.locator("#facts")).to_contain_text("per 1,000 collages")
    expect(page.locator("#facts")).to_contain_text("3 x 4 cells of 100 px")
    expect(page.locator("#tiles .tile")).to_have_count(24)
    expect(page.locator("#all")).to_have_attribute("href", f"/gallery?batch={BIG}")


def test_a_retry_asks_first_and_is_of_this_batch_alone(seeded: SeededConsole, here: Visit) -> None:
    name = seeded.one("ended", lambda share: share == 1)
    page = here.open(f"/batches/{name}")
    asked: list[str] = []
    bodies: list[object] = []

    run = {"name": "retry-1", "kind": "retry", "windows": 11, "done": 0, "gone": 0}
    run |= {"batch_id": name, "state": "building"}

    def started(route: Route) -> None:
        if route.request.method == "POST":
            bodies.append(route.request.post_data_json)
            route.fulfill(status=202, json=run)
        else:
            route.fulfill(json=[{**run, "done": 3}])

    page.route("**/api/replays", started)
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    with page.expect_response("**/api/replays/count"):
        page.get_by_role("button", name="Retry failed …").click()
    expect(page.locator("#retry")).to_be_enabled()
    assert bodies == []
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Retry failed …").click()
    expect(page.get_by_text("11 windows will be built again")).to_be_visible()
    expect(page.locator("#rate")).to_contain_text("retry: 3 of 11 windows")
    assert bodies == [{"retry": True, "batch": name}]
    assert asked[0].startswith(f"Build 11 windows of batch {name} again?")
    here.messages[:] = [each for each in here.messages if not each.startswith("dialog: Build")]


def downloaded(page: Page, label: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("link", name=label).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_windows_refused_rows_and_collages_are_downloaded(
    seeded: SeededConsole, here: Visit
) -> None:
    batch = next(
        each for each in seeded.batches if each.windows and each.refused and each.failed < 1
    )
    page = here.open(f"/batches/{batch.batch_id}")
    name, report = downloaded(page, "Report CSV")
    lines = list(csv.reader(io.StringIO(report.decode(), newline="")))
    assert (name, len(lines)) == (f"{batch.batch_id}.csv", batch.windows + 1)
    _, refused = downloaded(page, "Refused rows CSV")
    rows = list(csv.reader(io.StringIO(refused.decode(), newline="")))
    assert len(rows) == sum(batch.refused.values()) + 1
    _, archive = downloaded(page, "Collages as zip")
    with zipfile.ZipFile(io.BytesIO(archive)) as collages:
        assert collages.testzip() is None
        assert len(collages.namelist()) == batch.windows


def requests_of_a_minute(here: Visit, path: str) -> list[str]:
    """Return what a page asks the console for in a minute of the page's clock."""
    here.page.clock.install()
    page = here.open(path)
    waiting: set[Request] = set()
    asked: list[str] = []

    def begin(request: Request) -> None:
        waiting.add(request)
        asked.append(request.url.removeprefix(here.base))

    page.on("request", begin)
    page.on("requestfinished", lambda request: waiting.discard(request))  # noqa: PLW0108 - no builtin
    for _ in range(60):
        page.clock.run_for(1_000)
        while waiting:
            page.wait_for_event("requestfinished")
    return asked


@pytest.mark.parametrize("story", ["building", None], ids=["a batch", "the list"])
def test_a_polled_page_asks_at_most_thirty_times_a_minute(
    seeded: SeededConsole, here: Visit, story: str | None
) -> None:
    path = f"/batches/{seeded.one(story)}" if story else "/batches"
    asked = requests_of_a_minute(here, path)
    assert 5 < len(asked) <= 30, Counter(asked)


def test_a_batch_that_has_ended_is_not_asked_for_again(seeded: SeededConsole, here: Visit) -> None:
    name = seeded.one("ended")
    asked = requests_of_a_minute(here, f"/batches/{name}")
    assert [each for each in asked if name in each] == []


def test_a_poll_costs_the_same_for_a_batch_of_any_size(seeded: SeededConsole) -> None:
    costs = []
    for name in (seeded.one("ended"), BIG):
        seeded.console.get(f"/api/batches/{name}")
        seeded.calls.clear()
        assert seeded.console.get(f"/api/batches/{name}").json["is_complete"]
        costs.append(dict(seeded.calls))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("name", ["list", "big", "open", "rejected"])
def test_pages_of_batches_are_accessible_in_light_and_dark_and_fit_a_phone(
    seeded: SeededConsole, here: Visit, name: str
) -> None:
    paths = {"list": "/batches", "big": f"/batches/{BIG}"}
    story = {"open": "building"}.get(name, name)
    page = here.open(paths.get(name) or f"/batches/{seeded.one(story)}")
    here.screenshot(f"batch-{name}-light")
    assert here.violations() == []
    page.emulate_media(color_scheme="dark")
    here.screenshot(f"batch-{name}-dark")
    assert here.violations() == []
    page.set_viewport_size({"width": PHONE_PX, "height": 844})
    here.screenshot(f"batch-{name}-phone")
    assert here.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE_PX
