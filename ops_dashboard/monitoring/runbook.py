"""The runbook: what each alarm means, where to look and what to do. Edge (disk).

Its only source is docs/operations/runbook.md: `hatch_build.py` copies it into the wheel, and a
checkout reads it where it is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

_PACKED = Path(__file__).with_name("runbook.md")
_SOURCE = Path(__file__).parents[2] / "docs" / "operations" / "runbook.md"


class Span(msgspec.Struct, frozen=True):
    """A part of a sentence: plain text, code, or the name of another alarm."""

    text: str
    kind: Literal["text", "code", "alarm"] = "text"


class Step(msgspec.Struct, frozen=True):
    """One point of a section: ``Means``, ``Look at`` or ``Do``, and its text."""

    label: str
    spans: tuple[Span, ...]


Runbook = dict[str, tuple[Step, ...]]
"""The steps of each alarm, by the alarm's name without its stack."""


@functools.cache
def read_runbook() -> Runbook:
    """Return the runbook of this release."""
    path = _PACKED if _PACKED.is_file() else _SOURCE
    return parse_runbook(path.read_text(encoding="utf-8"))


def parse_runbook(markdown: str) -> Runbook:
    """Return the sections of a runbook; links to other pages become plain text. Pure."""
    found: dict[str, list[Step]] = {}
    steps: list[Step] = []
    for before, token in pairwise(MarkdownIt("commonmark").parse(markdown)):
        if token.type != "inline":
            continue
        if before.type == "heading_open":
            steps = found.setdefault(token.content, []) if before.tag == "h2" else []
        else:
            steps.append(_step(token.children or []))
    return {name: tuple(each) for name, each in found.items()}


def _step(children: Sequence[Token]) -> Step:
    """Return the point that begins with its label in bold."""
    types = [each.type for each in children]
    end = types.index("strong_close") + 1 if "strong_close" in types else 0
    label = "".join(each.content for each in children[:end]).rstrip(":")
    return Step(label, tuple(_spans(children[end:])))


def _spans(children: Sequence[Token]) -> Iterator[Span]:
    target = ""
    for each in children:
        if each.type in {"link_open", "link_close"}:
            target = str(each.attrs.get("href", ""))
        elif target.startswith("#") and each.content:
            yield Span(target[1:], "alarm")
        elif each.type == "code_inline":
            yield Span(each.content, "code")
        elif each.type in {"text", "softbreak"}:
            yield Span(each.content or " ")
