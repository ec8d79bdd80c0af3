"""Command lines and outputs in the documentation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DEMO = "<!-- demo: six lines of the output -->"
"""Comes before the block of README that shows lines of ``make demo``."""
RUNS = "<!-- this block is run by a test -->"
_BLOCK = re.compile(
    r"^(?P<before>[^\n]*)\n+```(?:bash|console)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"`((?:ops-dashboard|stream-ingest|make) [a-z][^`]*)`")
_SUBSHELL = re.compile(r'^eval "\$\((?P<command>.*)\)"$')


@dataclass(frozen=True)
class Snippet:
    """One command line in a document."""

    document: Path
    words: tuple[str, ...]
    runs: bool
    """Whether a test also runs it."""

    def __str__(self) -> str:
        return f"{self.document.name}: {shlex.join(self.words)}"


def snippets() -> Iterator[Snippet]:
    """Yield every command line of the documents' shell blocks."""
    for document in DOCUMENTS:
        for block in _BLOCK.finditer(document.read_text(encoding="utf-8")):
            for line in block["text"].replace("\\\n", " ").splitlines():
                if words := _words(line):
                    yield Snippet(document, words, block["before"] == RUNS)


def inline_commands() -> Iterator[Snippet]:
    """Yield the commands of ours that the documents' prose mentions."""
    for document in DOCUMENTS:
        for line in document.read_text(encoding="utf-8").splitlines():
            for command in _INLINE.findall(line):
                yield Snippet(document, _words(command), runs=False)


def _words(line: str) -> tuple[str, ...]:
    inner = _SUBSHELL.match(line.strip())
    return tuple(shlex.split(inner["command"] if inner else line, comments=True))


def demo_lines() -> list[str]:
    """Return the lines of the demo's output that README shows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition(DEMO)[2].partition("```text\n")[2].partition("```")[0]
    return block.splitlines()


def masked(line: str) -> str:
    """Return a line of output with figures masked and blanks squeezed."""
    return " ".join(re.sub(r"\d[\d,.]*", "N", line).split())
