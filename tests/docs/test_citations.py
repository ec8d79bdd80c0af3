"""What the code cites of the documentation is there."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.paths import ROOT

CITATION = re.compile(r"docs/(?P<page>[a-z0-9/_-]+\.md)(?:#(?P<anchor>[a-z0-9-]+))?")


def citations() -> list[tuple[str, str]]:
    """Return every page and anchor that Python files cite."""
    files = subprocess.run(
        ["git", "ls-files", "*.py"],  # noqa: S607 - git of the machine
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in files if (ROOT / file).exists()]
    return sorted({(m["page"], m["anchor"] or "") for t in texts for m in CITATION.finditer(t)})


def slugs(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize(("page", "anchor"), citations())
def test_a_page_that_the_code_cites_has_the_section(page: str, anchor: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert not anchor or anchor in slugs(text)


def test_facts_are_cited() -> None:
    assert len([page for page, _ in citations() if page == "facts.md"]) > 8
