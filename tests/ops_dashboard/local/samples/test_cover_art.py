"""The properties of the covers that can be checked without looking at them."""

from __future__ import annotations

import csv
import importlib.metadata
from itertools import combinations

import pytest
from PIL import ImageChops, ImageOps, ImageStat

from ops_dashboard.local.samples.cover_art import (
    PHOTOGRAPHS,
    SIZE_PX,
    draw_cover,
    draw_second_frame,
)
from ops_dashboard.local.samples.cover_swatch import read_swatch
from ops_dashboard.local.samples.creators import CREATORS


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_each_photograph_is_inside_the_wheel(name: str) -> None:
    """A file that scikit-image would have to download must not be used."""
    record = importlib.metadata.distribution("scikit-image").read_text("RECORD") or ""
    assert f"skimage/data/{name}" in {line[0] for line in csv.reader(record.splitlines())}


def test_a_cover_is_a_portrait_and_twice_as_wide_at_scale_two() -> None:
    assert draw_cover(0, "mia.cooks", 1).size == SIZE_PX
    assert draw_cover(0, "mia.cooks", 1, scale=2).size == (1080, 1440)


def test_the_same_cover_is_drawn_the_same_each_time() -> None:
    first, second = draw_cover(7, "plantdad", 12), draw_cover(7, "plantdad", 12)
    assert first.tobytes() == second.tobytes()


def test_creators_who_share_a_photograph_differ_in_colour() -> None:
    def mean_colour(index: int) -> list[float]:
        return ImageStat.Stat(draw_cover(index, "x", 4).crop((0, 100, 540, 300))).mean

    rounds = [mean_colour(index) for index in range(0, len(PHOTOGRAPHS) * 4, len(PHOTOGRAPHS))]
    for one, other in combinations(rounds, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 20


@pytest.mark.parametrize("caption", sorted({creator.caption for creator in CREATORS}))
def test_a_label_is_white_on_dark_and_within_the_centre_square(caption: str) -> None:
    """At 200 px, as in a collage, the label's line must be neither blank nor cut off."""
    cell = ImageOps.fit(draw_cover(0, caption, 888), (200, 200)).convert("L")
    name, number = cell.crop((0, 98, 200, 122)), cell.crop((40, 125, 160, 155))
    for line in (name, number):
        darkest, lightest = line.getextrema()
        assert darkest < 100, "the label's ground is dark"
        assert lightest > 200, "its letters are light"
    margins = ImageChops.lighter(cell.crop((0, 98, 4, 160)), cell.crop((196, 98, 200, 160)))
    assert margins.getextrema()[1] < 160, "no letter touches the edge"


def test_a_second_frame_has_no_code() -> None:
    assert read_swatch(draw_second_frame(3, 5)) is None
