from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from ops_dashboard.inspect.cursors import Position
from ops_dashboard.inspect.merging import Step, merge_page

Listed = tuple[int, bool]
"""When something is, and whether it is listed."""


class Source:
    """Things of one kind, which may be added to; the newest one first."""

    def __init__(self, name: str, listed: Sequence[Listed]) -> None:
        self.name, self.listed = name, sorted(listed, reverse=True)
        self.looked_at = 0

    def steps(self, after: Position | None) -> Iterator[Step[str]]:
        for number, (at, is_listed) in enumerate(self.listed):
            if after is None or number > int(after["number"]):
                self.looked_at += 1
                found = f"{at:03d} {self.name} {number}" if is_listed else None
                yield Step(at=f"{at:03d}", position={"number": str(number)}, found=found)

    def found(self) -> list[str]:
        every = enumerate(self.listed)
        return [f"{at:03d} {self.name} {number}" for number, (at, is_listed) in every if is_listed]


def pages(sources: Sequence[Source], limit: int, budget: int) -> list[list[str]]:
    found: list[list[str]] = []
    start: dict[str, Position] = {}
    budgets = {source.name: budget for source in sources}
    while True:
        steps = {source.name: source.steps(start.get(source.name)) for source in sources}
        page = merge_page(steps, start, limit=limit, budgets=budgets)
        found.append(page.found)
        if page.positions is None:
            return found
        start = page.positions


@pytest.mark.parametrize("seed", range(60))
def test_pages_of_any_size_have_everything_once_and_newest_first(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - cases of a test
    sources = [
        Source(name, [(chance.randrange(20), chance.random() < 0.6) for _ in range(size)])
        for name, size in (("a", chance.randrange(30)), ("b", chance.randrange(30)))
    ]
    found = pages(sources, chance.randrange(1, 9), chance.randrange(1, 9))
    listed = [each for page in found for each in page]
    assert sorted(listed) == sorted(sources[0].found() + sources[1].found())
    times = [each[:3] for each in listed]
    assert times == sorted(times, reverse=True)


def test_of_one_time_the_first_source_comes_first() -> None:
    found = pages([Source("a", [(1, True)] * 3), Source("b", [(1, True)] * 2)], 2, 9)
    assert [each[4] for page in found for each in page] == ["a", "a", "a", "b", "b"]


def test_a_page_ends_with_its_sources_budget_and_the_next_one_searches_on() -> None:
    source = Source("a", [(at, at == 0) for at in range(10)])
    page = merge_page({"a": source.steps(None)}, {}, limit=5, budgets={"a": 4})
    assert (page.found, page.positions) == ([], {"a": {"number": "3"}})
    assert source.looked_at == 5


def test_the_last_page_has_no_next_one_although_nothing_follows_it() -> None:
    source = Source("a", [(3, True), (2, True), (1, False)])
    assert merge_page({"a": source.steps(None)}, {}, limit=2, budgets={"a": 9}).positions is None


def test_times_that_rise_by_clocks_of_their_own_repeat_nothing() -> None:
    """The windows of one creator are by number: a later one may be some seconds earlier."""

    def windows(after: Position | None) -> Iterator[Step[str]]:
        for number, at in enumerate(("010", "011", "009")):
            if after is None or number > int(after["number"]):
                yield Step(at=at, position={"number": str(number)}, found=f"w{number}")

    rows = Source("r", [(11, True), (10, True), (9, True)])
    listed: list[str] = []
    start: dict[str, Position] = {}
    while True:
        steps = {"w": windows(start.get("w")), "r": rows.steps(start.get("r"))}
        page = merge_page(steps, start, limit=1, budgets={"w": 9, "r": 9})
        listed += page.found
        if page.positions is None:
            break
        start = page.positions
    assert sorted(listed) == sorted(["w0", "w1", "w2", *rows.found()])
