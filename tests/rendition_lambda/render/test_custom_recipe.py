"""Flips, crops and other sizes are values of a recipe, and its manifest maps labels to them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rendition_lambda.manifest import ManifestLine, lines_of
from rendition_lambda.photo_item import OutputFacts, Photo, PhotoStatus
from rendition_lambda.recipe import FORMATS, Output, Recipe
from rendition_lambda.render.child import render_here
from rendition_lambda.render.messages import Job
from rendition_lambda.render.rendered import Rendered

SIZE = (640, 400)
MARK = (250, 150)
"""Middle of a red disc, which is not in the middle of anything."""
OUTPUTS = (
    Output(name="whole", key="custom/{stem}_whole.jpg", box=(320, 320), progressive=True),
    Output(name="square", key="custom/{stem}_square.jpg", box=(128, 128), fit="cover"),
    Output(name="large", key="custom/{stem}_large.jpg", box=(500, 700), fit="cover", rotate=90),
    Output(
        name="mirrored", key="custom/{stem}_m.jpg", box=(256, 256), fit="pad", flip="horizontal"
    ),
    Output(
        name="upside",
        key="custom/{stem}_u.jpg",
        box=(256, 192),
        fit="pad",
        flip="vertical",
        rotate=270,
    ),
    Output(name="corner", key="custom/{stem}_c.jpg", box=(200, 200), crop=(0.25, 0.2, 0.3, 0.4)),
    Output(
        name="close",
        key="custom/{stem}_close.jpg",
        box=(512, 512),
        fit="pad",
        crop=(0.3, 0.25, 0.25, 0.4),
        flip="horizontal",
        rotate=180,
    ),
)
CUSTOM = Recipe(
    name="custom",
    max_bytes=1_000_000,
    formats=FORMATS,
    outputs=OUTPUTS,
    manifest="manifests/{stem}.jsonl",
)
SIZES = {
    "whole": (320, 200),
    "square": (128, 128),
    "large": (700, 500),
    "mirrored": (256, 256),
    "upside": (192, 256),
    "corner": (192, 160),
    "close": (512, 512),
}


@cache
def rendered(folder: Path) -> Rendered:
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    is_marked = (x - MARK[0]) ** 2 + (y - MARK[1]) ** 2 <= 15**2
    pixels = np.where(is_marked[..., None], [220, 20, 20], [20, 60, 120]).astype(np.uint8)
    source = folder / "source.png"
    Image.fromarray(pixels).save(source)
    return render_here(Job(source=str(source), folder=str(folder), recipe=CUSTOM, cpu_s=60))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    return rendered(tmp_path_factory.mktemp("custom"))


def line_of(made: Rendered, output: Output) -> ManifestLine:
    found = next(each for each in made.outputs if each.name == output.name)
    facts = OutputFacts(
        key=output.key,
        bytes=found.bytes,
        width=found.width,
        height=found.height,
        sha256=found.sha256,
        box=found.box,
        scale=found.scale,
        angle=output.rotate,
        flip=output.flip,
        crop=found.crop,
    )
    photo = Photo(
        gallery="original-uploads",
        photo="original-uploads/cats/1.png",
        status=PhotoStatus.ACTIVE,
        outputs={output.name: facts},
        width=made.width,
        height=made.height,
    )
    (line,) = lines_of(photo)
    return line


def mapped(point: tuple[float, float], line: ManifestLine) -> tuple[float, float]:
    """Map a point of the original as the documentation of manifests says."""
    x, y = ((point[0] - line.crop.left) * line.scale, (point[1] - line.crop.top) * line.scale)
    width, height = line.box.width, line.box.height
    if line.angle in {90, 270}:
        width, height = height, width
    x = width - x if line.flip == "horizontal" else x
    y = height - y if line.flip == "vertical" else y
    x, y = {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}.get(
        line.angle, (x, y)
    )
    return x + line.box.left, y + line.box.top


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda each: each.name)
def test_a_custom_recipe_renders_and_its_manifest_maps_labels(
    made: Rendered, output: Output
) -> None:
    line = line_of(made, output)
    found = next(each for each in made.outputs if each.name == output.name)
    with Image.open(found.path) as image:
        assert ("progressive" in image.info) == output.progressive
        pixels = np.asarray(image.convert("RGB")).astype(int)

    assert (line.width, line.height) == SIZES[output.name] == (pixels.shape[1], pixels.shape[0])
    red = np.argwhere((pixels[..., 0] > 150) & (pixels[..., 2] < 80))
    y, x = red.mean(axis=0) + 0.5
    assert mapped((MARK[0] + 0.5, MARK[1] + 0.5), line) == pytest.approx((x, y), abs=1.5)
