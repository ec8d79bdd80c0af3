from __future__ import annotations

import pytest
from PIL import ImageColor

from stream_ingest.contracts.colours import COLOUR_NAMES, parse_colour


def test_the_names_are_those_of_pillow() -> None:
    assert COLOUR_NAMES.keys() == ImageColor.colormap.keys()
    for name, digits in COLOUR_NAMES.items():
        assert ImageColor.getrgb(name) == ImageColor.getrgb(f"#{digits}")


@pytest.mark.parametrize("text", ["white", "White", " white ", "#fff", "#FFF", "#ffffff"])
def test_a_colour_may_be_written_in_any_of_its_ways(text: str) -> None:
    assert parse_colour(text) == "#ffffff"


@pytest.mark.parametrize("text", ["", "blurple", "ffffff", "#ffff", "#gggggg", "rgb(1,2,3)", "#"])
def test_anything_else_is_not_a_colour(text: str) -> None:
    assert parse_colour(text) is None
