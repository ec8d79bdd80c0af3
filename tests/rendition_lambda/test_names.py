"""Names of galleries, stems and outputs, for keys of every kind."""

from __future__ import annotations

import itertools

import pytest

from rendition_lambda import names
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, recipe_of

LONG = "g/" + "ü" * 450 + ".jpg"


@pytest.mark.parametrize(
    ("key", "gallery"),
    [
        ("wedding/IMG_1.CR2", "wedding"),
        ("wedding/raw/day 1/IMG_1.CR2", "wedding"),
        ("Summer + 2026/a.jpg", "Summer + 2026"),
        ("..//a.jpg", ".."),
        ("/a.jpg", "_"),
        ("original-uploads/cat.jpg", "original-uploads"),
        ("original-uploads/cats/cat.jpg", "original-uploads"),
        ("cat.jpg", "original-uploads"),
        ("notes.txt", "original-uploads"),
        ("wedding/notes.txt", "wedding"),
    ],
)
def test_the_gallery_is_the_first_folder(key: str, gallery: str) -> None:
    assert names.gallery_of(key, recipe_of(key)) == gallery


def test_the_item_of_a_photo_in_another_bucket_is_in_the_gallery_of_its_object() -> None:
    assert names.item_key_of("wedding/a.jpg") == ("wedding", "wedding/a.jpg")
    other = "s3://archive/wedding/a.jpg"
    assert names.item_key_of(other) == ("wedding", other)


@pytest.mark.parametrize(
    ("key", "first", "second"),
    [
        ("g/IMG_1.CR2", "IMG_1", "IMG_1-cr2"),
        ("g/IMG_1.JPG", "IMG_1", "IMG_1-jpg"),
        ("g/a.jpg", "a", "a-jpg"),
        ("g/a.JPG", "a", "a-jpg"),
        ("g/a.png", "a", "a-png"),
        ("g/a+b c.jpg", "a+b c", "a+b c-jpg"),
        ("g/ü (1).jpeg", "ü (1)", "ü (1)-jpeg"),
        ("g/%41.jpg", "%41", "%41-jpg"),
        ("g/a.b.tar.jpg", "a.b.tar", "a.b.tar-jpg"),
        ("g/.jpg", ".jpg", None),
        ("g/..", "=2E=2E", None),
        ("g/a\\b\n.jpg", "a=5Cb=0A", "a=5Cb=0A-jpg"),
        ("g/none", "none", None),
        ("cat.jpg", "cat", "cat-jpg"),
        ("original-uploads/cats/cat.jpg", "cat", "cat-jpg"),
    ],
)
def test_a_stem_is_the_files_name_then_that_with_its_ending(
    key: str, first: str, second: str | None
) -> None:
    found = list(names.stems(key))

    assert found[0] == first
    assert found[1] == (second or found[-2])
    assert len(set(found)) == len(found) >= 3


def test_keys_that_differ_have_different_last_stems() -> None:
    keys = ["g/a.jpg", "g/a.JPG", "g/a.png", "g/b/a.jpg", "h/a.jpg", LONG, LONG.upper()]

    last = [list(names.stems(key))[-1] for key in keys]

    assert len(set(last)) == len(keys)


@pytest.mark.parametrize("key", [LONG, "x" * 900 + "/" + "y" * 120, "g/" + "z" * 1_020])
def test_outputs_of_the_longest_keys_fit_in_s3(key: str) -> None:
    recipe = recipe_of(key)
    assert recipe is not None
    gallery = names.gallery_of(key, recipe)

    for stem in names.stems(key):
        assert max(len(k.encode()) for k in names.output_keys(recipe, gallery, stem)) <= 1_024


def test_outputs_are_named_as_the_field_names_them() -> None:
    assert names.output_keys(RENDITIONS, "wedding", "IMG_1") == (
        "renditions/wedding/IMG_1_large.jpg",
        "renditions/wedding/IMG_1_medium.jpg",
        "renditions/wedding/IMG_1_small.jpg",
        "renditions/wedding/IMG_1_thumbnail.jpg",
    )
    assert names.output_keys(AUGMENTATION, "original-uploads", "cat") == (
        "processed/cat_256x256.jpg",
        "augmented-images/90-degree/cat_90.jpg",
        "augmented-images/180-degree/cat_180.jpg",
        "augmented-images/270-degree/cat_270.jpg",
        "augmented-images/360-degree/cat_360.jpg",
    )


def test_a_gallery_of_dots_is_no_folder_of_dots() -> None:
    keys = names.output_keys(RENDITIONS, "..", "{gallery}")

    assert keys[0] == "renditions/=2E=2E/{gallery}_large.jpg"


def test_outputs_of_two_stems_are_never_one_object() -> None:
    tricky = ["a", "a_small", "a_small.jpg", "a_thumbnail", "a_", "_a", "A", "a-jpg"]

    keys = [names.output_keys(RENDITIONS, "g", stem) for stem in tricky]

    assert len(set(itertools.chain.from_iterable(keys))) == 4 * len(tricky)


def test_galleries_that_share_a_folder_share_their_claims() -> None:
    escaped, literal = "..", "=2E=2E"

    assert names.claim_partition(RENDITIONS, escaped, "a") == names.claim_partition(
        RENDITIONS, literal, "a"
    )
    assert names.claim_partition(RENDITIONS, "g", "a") == "name#renditions/g/a"
    assert names.claim_partition(AUGMENTATION, "original-uploads", "a") == "name#augmentation//a"


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("renditions/g/a_small.jpg", "renditions/g/a_small.jpg"),
        ("renditions/g h/a+b.jpg", "renditions/g%20h/a%2Bb.jpg"),
        ("renditions/g/ü (1).jpg", "renditions/g/%C3%BC%20%281%29.jpg"),
        ("renditions/g/%41.jpg", "renditions/g/%2541.jpg"),
        ("renditions/g/a?b#c.jpg", "renditions/g/a%3Fb%23c.jpg"),
    ],
)
def test_an_address_is_quoted_once(key: str, path: str) -> None:
    assert names.address("b", "cdn.example.com", key, "12345678") == (
        f"https://cdn.example.com/{path}?v=12345678"
    )


def test_without_a_domain_an_address_is_the_objects_in_s3() -> None:
    assert names.address("b", "", "renditions/g/ü.jpg", "12345678") == "s3://b/renditions/g/ü.jpg"


def test_what_no_cdn_serves_has_an_address_in_s3() -> None:
    key = "augmented-images/90-degree/a_90.jpg"
    assert names.address("b", "cdn.example.com", key, "12345678") == f"s3://b/{key}"


def test_the_edition_changes_with_the_version_and_with_the_recipe() -> None:
    editions = {names.edition(*each) for each in (("1", "a"), ("2", "a"), ("1", "b"))}

    assert len(editions) == 3
    assert all(len(each) == 8 for each in editions)
