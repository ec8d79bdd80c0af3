from __future__ import annotations

import itertools

import pytest

from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, Angle, Fit, Flip, Output
from rendition_lambda.render.rendered import Box
from rendition_lambda.render.sizes import (
    cut_out,
    flipped,
    jpeg_shrink,
    picture_size,
    placed,
    source_of,
    turned,
    whole_size,
)

NAMES = ("large", "medium", "small", "thumbnail")
SIZES = {
    # original: large, medium, small, thumbnail
    (6000, 4000): ((4000, 2667), (2000, 1333), (800, 533), (400, 267)),
    (4000, 6000): ((2667, 4000), (1333, 2000), (400, 600), (267, 400)),
    (8000, 6000): ((4000, 3000), (2000, 1500), (800, 600), (400, 300)),
    (4000, 4000): ((4000, 4000), (2000, 2000), (600, 600), (400, 400)),
    (4001, 4001): ((4000, 4000), (2000, 2000), (600, 600), (400, 400)),
    (28_000, 7_800): ((4000, 1114), (2000, 557), (800, 223), (400, 111)),
    (300, 5_000): ((240, 4000), (120, 2000), (36, 600), (24, 400)),
    (1000, 800): ((1000, 800), (1000, 800), (750, 600), (400, 320)),
    (640, 480): ((640, 480), (640, 480), (640, 480), (400, 300)),
    (50, 50): ((50, 50),) * 4,
    (400, 400): ((400, 400),) * 4,
    (401, 100): ((401, 100), (401, 100), (401, 100), (400, 100)),
    (50, 60_000): ((3, 4000), (2, 2000), (1, 600), (1, 400)),
}
PADDED = {
    (512, 512): Box(0, 0, 256, 256),
    (1000, 500): Box(0, 64, 256, 128),
    (500, 1000): Box(64, 0, 128, 256),
    (64, 50): Box(0, 28, 256, 200),
    (3000, 2000): Box(0, 42, 256, 171),
    (60_000, 50): Box(0, 127, 256, 1),
}
OUTPUTS = {output.name: output for output in (*RENDITIONS.outputs, *AUGMENTATION.outputs)}


@pytest.mark.parametrize("original", SIZES, ids=str)
def test_a_rendition_fits_inside_its_box_and_is_never_enlarged(original: tuple[int, int]) -> None:
    sizes = tuple(picture_size(original, OUTPUTS[name]) for name in NAMES)
    assert sizes == SIZES[original]
    for size, name in zip(sizes, NAMES, strict=True):
        assert all(
            a <= min(b, c) for a, b, c in zip(size, OUTPUTS[name].box, original, strict=True)
        )


@pytest.mark.parametrize("original", PADDED, ids=str)
def test_an_image_to_augment_fills_its_square_as_far_as_its_proportions_allow(
    original: tuple[int, int],
) -> None:
    output = OUTPUTS["256x256"]
    assert placed(picture_size(original, output), output) == PADDED[original]


@pytest.mark.parametrize("angle", [0, 90, 180, 270, 360])
def test_a_box_turns_with_its_pixels(angle: Angle) -> None:
    box, outer = Box(1, 2, 3, 4), (10, 20)
    inside = {(1, 2), (3, 5)}  # the first and the last of its pixels
    width, height = outer
    clockwise = {
        0: lambda x, y: (x, y),
        90: lambda x, y: (height - 1 - y, x),
        180: lambda x, y: (width - 1 - x, height - 1 - y),
        270: lambda x, y: (y, width - 1 - x),
        360: lambda x, y: (x, y),
    }[angle]
    moved = [clockwise(*pixel) for pixel in inside]
    xs, ys = [x for x, _ in moved], [y for _, y in moved]
    expected = Box(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)
    assert turned(box, outer, angle) == expected


def test_a_picture_is_made_of_the_smallest_that_is_large_enough() -> None:
    sizes = [(4000, 3000), (2000, 1500), (800, 600)]
    assert source_of((2000, 1500), sizes[:1]) == (4000, 3000)
    assert source_of((800, 600), sizes[:2]) == (2000, 1500)
    assert source_of((400, 300), sizes) == (2000, 1500)
    assert source_of((320, 240), sizes) == (800, 600)
    assert source_of((450, 338), sizes) == (2000, 1500)
    assert source_of((750, 600), [(1000, 800)]) == (1000, 800)


def test_a_jpegs_decoder_leaves_twice_the_pixels_that_are_needed() -> None:
    for original, wanted in itertools.product((300, 900, 4000, 70_000), (100, 256, 4000)):
        shrink = jpeg_shrink((original, original), (wanted, wanted))
        assert shrink == 1 or original / shrink >= 2 * wanted
    assert jpeg_shrink((6000, 4000), (256, 171)) == 8
    assert jpeg_shrink((8000, 6000), (4000, 3000)) == 1
    assert jpeg_shrink((16_000, 6000), (4000, 1500)) == 2


def test_an_output_is_inside_unless_it_says_otherwise() -> None:
    assert Output(name="a", key="a", box=(1, 1)).fit == "inside"


@pytest.mark.parametrize("original", [(6000, 4000), (50, 60_000), (640, 481), (333, 77)], ids=str)
@pytest.mark.parametrize("fit", ["inside", "pad", "cover"])
@pytest.mark.parametrize("crop", [(0, 0, 1, 1), (0.5, 0.5, 0.5, 0.5), (0.999, 0, 0.001, 0.01)])
def test_a_part_lies_in_the_image_and_its_picture_in_the_box(
    original: tuple[int, int], fit: Fit, crop: tuple[float, float, float, float]
) -> None:
    output = Output(name="a", key="a", box=(256, 100), fit=fit, crop=crop)
    whole = whole_size(original, output)
    box = cut_out(whole, original, output)

    assert all(a <= b for a, b in zip(whole, original, strict=True))
    assert box.left >= 0
    assert box.top >= 0
    assert box.left + box.width <= whole[0]
    assert box.top + box.height <= whole[1]
    assert all(a <= b for a, b in zip(picture_size(original, output), output.box, strict=True))


@pytest.mark.parametrize(
    ("flip", "expected"),
    [("", Box(1, 2, 3, 4)), ("horizontal", Box(6, 2, 3, 4)), ("vertical", Box(1, 14, 3, 4))],
)
def test_a_box_is_flipped_with_its_pixels(flip: Flip, expected: Box) -> None:
    assert flipped(Box(1, 2, 3, 4), (10, 20), flip) == expected
