from __future__ import annotations

import numpy as np

from ops_dashboard.local.samples.photos.chart import COLOURS, shown_colours
from ops_dashboard.local.samples.photos.colours import (
    ADOBE,
    ADOBE_GAMMA,
    P3,
    farthest,
    in_primaries,
)
from ops_dashboard.local.samples.photos.pictures import draw_picture


def test_colours_have_the_numbers_of_their_space() -> None:
    """Known pairs: sRGB's red in Display P3, its green in Adobe RGB (1998)."""
    red = in_primaries(np.array([[[255, 0, 0]]], dtype=np.uint8), P3)
    green = in_primaries(np.array([[[0, 255, 0]]], dtype=np.uint8), ADOBE, ADOBE_GAMMA)
    assert red.tolist() == [[[234, 51, 35]]]
    assert green.tolist() == [[[144, 255, 60]]]


def test_the_chart_shows_its_colours_in_their_order() -> None:
    wanted = np.array(COLOURS, dtype=float)
    picture = draw_picture(0, (400, 300))
    assert farthest(shown_colours(picture), wanted) < 0.1
    assert farthest(shown_colours(picture.rotate(180)), wanted) > 30
