"""The private names of earlier versions are gone; docs/glossary.md lists them with today's.

Each entry is a regular expression for one name. Add one when a name is replaced, so that it does
not come back by habit or with an old branch.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache

import pytest

from tests.paths import ROOT

FORMER = (
    r"Desk",
    r"bury",
    r"show_again",
    r"Ledger",
    r"GoOn",
    r"Trouble",
    r"Standing",
    r"[Ss]helf",
    r"AtHand|at_hand",
    r"Haul",
    r"Holder|Holding|holdCovers|hold_covers|HOLD_COVERS|holds_covers",
    r"held_pack|held cover",
    r"tell_[a-z_]+\(",
    r"[Cc]ensus",
    r"WindowStore",
    r"guard_policies|UNGUARDED|GuardedStack",
    r"(?:_MOST|MOST|LEAST)_[A-Z]+",
    r"nobody foresaw",
    r"gone on with",
    r"waited with",
    r"for certain",
)
"""Former names and phrases; a word boundary is added on both sides."""
LEFT_OUT = ("docs/glossary.md", "docs/adr/", "CHANGELOG.md", "tests/test_words.py", "uv.lock")
"""Pages that name them on purpose."""
SUFFIXES = (".py", ".js", ".html", ".css", ".md", ".toml", ".yaml", ".yml")


@cache
def texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - git, as the developer has it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return {
        path: (ROOT / path).read_text()
        for path in listed
        if path.endswith(SUFFIXES) and not path.startswith(LEFT_OUT)
    }


@pytest.mark.parametrize("name", FORMER)
def test_a_former_name_is_gone(name: str) -> None:
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{name})(?![A-Za-z0-9])")
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts().items()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
