"""The demo finds every way in which a rendition is not what it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image, ImageOps

from ops_dashboard.local.demo.photo_check import FoundPhoto, photo_differences, unexpected_keys
from ops_dashboard.local.samples.photos.metadata import XMP, exif_block
from tests.ops_dashboard.local.demo.photos import Change, drawn, found, sample, served


def turned(image: Image.Image) -> Image.Image:
    return image.rotate(180)


def dull(image: Image.Image) -> Image.Image:
    return Image.blend(image, image.convert("L").convert("RGB"), 0.15)


def shifted(image: Image.Image) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, image.width / 20, 0, 1, 0))


def grey(image: Image.Image) -> Image.Image:
    return image.convert("L")


def smaller(image: Image.Image) -> Image.Image:
    return image.resize((image.width - 1, image.height))


def with_exif(photo: FoundPhoto, **options: object) -> FoundPhoto:
    output = served("small", drawn("small"), **options)
    return replace(photo, outputs={**photo.outputs, "small": output})


@pytest.mark.parametrize("is_augmented", [False, True], ids=["gallery", "augmentation"])
def test_correct_outputs_have_no_differences(is_augmented: bool) -> None:  # noqa: FBT001 - a parameter of the test
    photo = sample(is_augmented=is_augmented)
    assert photo_differences(photo, found(photo)) == []


@pytest.mark.parametrize("is_augmented", [False, True], ids=["gallery", "augmentation"])
@pytest.mark.parametrize("change", [turned, ImageOps.mirror, dull, shifted, grey, smaller])
def test_each_wrong_picture_is_found(change: Change, is_augmented: bool) -> None:  # noqa: FBT001 - a parameter of the test
    photo = sample(is_augmented=is_augmented)
    lines = photo_differences(photo, found(photo, change))
    names = {line.split(": ")[1] for line in lines}
    assert len(names) >= 4


@pytest.mark.parametrize(
    "options",
    [{"exif": exif_block()}, {"xmp": XMP}, {"comment": b"x"}, {"icc_profile": bytes(200)}],
    ids=lambda each: next(iter(each)),
)
def test_metadata_is_found(options: dict[str, object]) -> None:
    photo = sample()
    assert any(
        line.startswith("demo/a b.jpg: small: ")
        for line in photo_differences(photo, with_exif(found(photo), **options))
    )


def test_a_wrong_address_or_header_is_found() -> None:
    photo, right = sample(), found(sample())
    for change in (
        {"address": "https://cdn.test/renditions/demo/b_small.jpg?v=0123abcd"},
        {"address": "https://cdn.test/renditions/demo/a%20b_small.jpg"},
        {"content_type": "binary/octet-stream"},
        {"cache_control": ""},
    ):
        wrong = replace(right.outputs["small"], **change)
        outputs = {**right.outputs, "small": wrong}
        assert len(photo_differences(photo, replace(right, outputs=outputs))) == 1, change


def test_another_end_is_found() -> None:
    photo, broken = sample(), sample(reason="truncated")
    assert photo_differences(broken, found(broken)) == []
    assert photo_differences(photo, found(broken)) == [
        "demo/a b.jpg: failed truncated, expected active"
    ]
    assert photo_differences(broken, found(photo)) == [
        "demo/a b.jpg: active, expected failed truncated"
    ]
    few = replace(found(photo), outputs={})
    assert photo_differences(photo, few) == ["demo/a b.jpg: outputs none"]


def test_an_output_of_no_photo_is_found() -> None:
    photo = found(sample())
    keys = [facts["key"] for facts in photo.item["outputs"].values()]
    assert unexpected_keys(keys, [photo]) == []
    assert unexpected_keys(["manifests/x.jsonl"], [photo]) == ["manifests/x.jsonl: of no photo"]
    assert unexpected_keys([*keys, "processed/x.jpg"], [photo]) == ["processed/x.jpg: of no photo"]
