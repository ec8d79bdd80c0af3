"""The table of guarantees in docs/architecture.md names tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.paths import ROOT

TITLE = "\n## Guarantees\n"
NAMED = re.compile(r"`([a-z0-9_/]+\.py)(?:::(test_\w+))?`")


def section() -> str:
    """Return the page's section about guarantees."""
    _, _, rest = (ROOT / "docs" / "architecture.md").read_text().partition(TITLE)
    return rest.partition("\n## ")[0]


def named() -> list[tuple[str, str]]:
    """Return each test that the section names, as file below tests/ and function, if any."""
    return sorted(set(NAMED.findall(section())))


def test_every_test_named_on_the_page_exists() -> None:
    missing = [
        (path, name)
        for path, name in named()
        if name and f"def {name}(" not in (ROOT / "tests" / path).read_text()
    ]
    assert missing == []
    assert all((ROOT / "tests" / path).is_file() for path, _ in named())


def test_every_guarantee_names_a_test() -> None:
    rows = [line for line in section().splitlines() if line.startswith("|")][2:]
    assert len(rows) > 15
    assert all(NAMED.search(row.rpartition(" | ")[2]) for row in rows)


@pytest.mark.parametrize("goal", range(1, 10))
def test_every_goal_has_a_test_of_its_name_on_the_page(goal: int) -> None:
    assert any(name.startswith(f"test_g{goal}_") for _, name in named())
