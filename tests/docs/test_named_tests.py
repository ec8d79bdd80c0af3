"""Pages whose tables name the tests that show each line: these tests exist."""

from __future__ import annotations

import re

import pytest

from tests.paths import ROOT

PAGE = ROOT / "docs" / "guide" / "from-csv-pipelines.md"
NAMED = re.compile(r"`([a-z0-9_/]+\.py)(?:::(test_\w+))?`")


def rows() -> list[str]:
    """Return the rows of the page's tables, without their heads."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    return [line for line in lines if not line.startswith(("| There", "|---"))]


@pytest.mark.parametrize(
    ("path", "name"), sorted({each for row in rows() for each in NAMED.findall(row)})
)
def test_every_test_named_on_the_page_exists(path: str, name: str) -> None:
    text = (ROOT / "tests" / path).read_text()
    assert f"def {name}(" in text or not name


def test_every_line_of_the_page_names_a_test() -> None:
    assert len(rows()) > 25
    assert all(NAMED.search(row.rpartition(" | ")[2]) for row in rows())
