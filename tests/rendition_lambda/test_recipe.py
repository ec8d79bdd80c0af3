from __future__ import annotations

import msgspec
import pytest

from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, Output, Recipe, recipe_of

KEYS = {
    "original-uploads/cat.jpg": AUGMENTATION,
    "original-uploads/cats/cat.jpg": AUGMENTATION,
    "cat.jpg": AUGMENTATION,
    "cat": AUGMENTATION,
    "wedding/IMG_1.CR2": RENDITIONS,
    "wedding/raw/IMG_1.CR2": RENDITIONS,
    "original-uploads-2/cat.jpg": RENDITIONS,
    "Original-Uploads/cat.jpg": RENDITIONS,
    "wedding/no extension": RENDITIONS,
    "wedding/a+b ü (1) %41.jpg": RENDITIONS,
    "wedding/.jpg": RENDITIONS,
    "wedding/": None,
    "original-uploads/": None,
    "wedding/IMG_1.MOV": None,
    "wedding/IMG_1.xmp": None,
    "wedding/IMG_1.CR2.xmp": None,
    "wedding/IMG_1.AAE": None,
    "wedding/._IMG_1.jpg": None,
    "wedding/.DS_Store": None,
    "original-uploads/labels.csv": None,
    "labels.json": None,
    "wedding/Thumbs.db": None,
}


@pytest.mark.parametrize("key", KEYS)
def test_the_key_decides_the_recipe(key: str) -> None:
    assert recipe_of(key) == KEYS[key]


def test_a_recipes_version_stays_the_same_until_its_outputs_change() -> None:
    """Another version renders every photo of every stack again."""
    assert RENDITIONS.version[:16] == "466dbd1753b38e26"
    assert AUGMENTATION.version[:16] == "3d8543eb172fb619"


@pytest.mark.parametrize(
    "change",
    [
        *({"box": (401, 400)}, {"fit": "pad"}, {"rotate": 90}, {"quality": 84}),
        *({"progressive": True}, {"flip": "vertical"}, {"crop": (0.0, 0.0, 0.5, 1.0)}),
    ],
    ids=str,
)
def test_every_field_of_an_output_changes_the_version(change: dict[str, object]) -> None:
    first, *others = RENDITIONS.outputs
    changed = (msgspec.structs.replace(first, **change), *others)
    assert msgspec.structs.replace(RENDITIONS, outputs=changed).version != RENDITIONS.version


def test_a_recipe_survives_its_way_to_the_child_process() -> None:
    for recipe in (RENDITIONS, AUGMENTATION):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(recipe), type=Recipe) == recipe


def test_rotations_are_clockwise_outputs_of_the_same_square() -> None:
    assert [(each.rotate, each.box) for each in AUGMENTATION.outputs] == [
        (angle, (256, 256)) for angle in (0, 90, 180, 270, 360)
    ]
    assert all(isinstance(each, Output) for each in AUGMENTATION.outputs)
