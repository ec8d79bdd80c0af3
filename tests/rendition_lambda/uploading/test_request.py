"""Keys are the server's; what a recipe would refuse is refused before it is sent."""

from __future__ import annotations

import unicodedata

import pytest

from rendition_lambda.recipe import AUGMENTATION, MEGABYTE, RENDITIONS, recipe_of
from rendition_lambda.uploading.request import (
    BINARY,
    MAX_KEY_BYTES,
    UploadRefusedError,
    UploadRequest,
    accept,
    stored_type,
    upload_key,
)


@pytest.mark.parametrize(
    ("gallery", "name", "key"),
    [
        ("wedding", "IMG_1.CR2", "wedding/IMG_1.CR2"),
        (" wedding ", "day one/IMG (1)+%41.jpg", "wedding/day one/IMG (1)+%41.jpg"),
        (None, "cat.jpg", "original-uploads/cat.jpg"),
        (None, "cats/cat.jpg", "original-uploads/cats/cat.jpg"),
        ("Übung", unicodedata.normalize("NFD", "Grüße.jpg"), "Übung/Grüße.jpg"),
        ("..g", "...a..jpg", "..g/...a..jpg"),
        ("family", "👩\u200d👧.jpg", "family/👩\u200d👧.jpg"),
    ],
)
def test_a_key_is_gallery_and_name(gallery: str | None, name: str, key: str) -> None:
    assert upload_key(gallery, name) == key


@pytest.mark.parametrize(
    ("gallery", "name", "said"),
    [
        ("g", "../h/a.jpg", "'..'"),
        ("g", "b/../../h/a.jpg", "'..'"),
        ("g", "./a.jpg", "'.'"),
        ("..", "a.jpg", "'..'"),
        ("g", "", "is empty"),
        ("g", "/a.jpg", "empty folder"),
        ("g", "b//a.jpg", "empty folder"),
        ("g", "b/", "empty folder"),
        ("", "a.jpg", "the gallery '' is empty"),
        (" ", "a.jpg", "the gallery ' ' is empty"),
        ("a/b", "a.jpg", "has a slash"),
        ("original-uploads", "a.jpg", "not a gallery"),
        (" original-uploads", "a.jpg", "not a gallery"),
        ("g", "a\n.jpg", "U+000A"),
        ("g", "a\x7f.jpg", "U+007F"),
        ("g", "a\x00.jpg", "U+0000"),
        ("g", "a\ud800.jpg", "U+D800"),
        ("g\r", "a\u2028.jpg", "U+2028"),
        ("g", "gpj.\u202ea.jpg", "U+202E"),
        ("g", "ä" * MAX_KEY_BYTES + ".jpg", "too long"),
        ("g" * 401, "a.jpg", "too long"),
    ],
)
def test_a_name_that_programs_would_not_keep_is_refused(gallery: str, name: str, said: str) -> None:
    with pytest.raises(UploadRefusedError) as refused:
        upload_key(gallery, name)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_longest_key_is_accepted() -> None:
    name = "a" * (MAX_KEY_BYTES - len("g/.jpg")) + ".jpg"
    assert len(upload_key("g", name)) == MAX_KEY_BYTES
    with pytest.raises(UploadRefusedError, match="too long"):
        upload_key("g", f"a{name}")


def request(**changed: object) -> UploadRequest:
    facts: dict[str, object] = {"gallery": "g", "name": "a.jpg", "bytes": 5}
    return UploadRequest(**{**facts, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"bytes": 0}, "a.jpg is empty"),
        ({"bytes": -1}, "a.jpg is empty"),
        ({"name": "film.MOV"}, "film.MOV is not a photo by its name"),
        ({"name": "b/notes.txt"}, "b/notes.txt is not a photo by its name"),
        (
            {"bytes": 200 * MEGABYTE + 1},
            "a.jpg is larger than the 200 MB that the recipe renditions accepts",
        ),
        (
            {"gallery": None, "bytes": 11 * MEGABYTE},
            "a.jpg is larger than the 10 MB that the recipe augmentation accepts",
        ),
    ],
)
def test_what_the_recipe_refuses_is_not_signed(changed: dict[str, object], said: str) -> None:
    with pytest.raises(UploadRefusedError) as refused:
        accept(request(**changed))
    assert str(refused.value) == said


@pytest.mark.parametrize(("gallery", "recipe"), [("g", RENDITIONS), (None, AUGMENTATION)])
def test_the_largest_file_of_each_recipe_is_accepted(gallery: str | None, recipe: object) -> None:
    upload = accept(request(gallery=gallery, bytes=recipe.max_bytes))  # type: ignore[attr-defined]
    assert recipe_of(upload.key) is recipe


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("image/jpeg", "image/jpeg"),
        ("IMAGE/X-Adobe-DNG; q=1", "image/x-adobe-dng"),
        ("", BINARY),
        ("text/html", BINARY),
        ("image/svg+xml", BINARY),
        ("image/jpeg\r\nx-amz-acl: public-read", BINARY),
        ("image/" + "a" * 200, BINARY),
    ],
)
def test_no_upload_has_a_type_that_a_browser_would_run(said: str, stored: str) -> None:
    assert stored_type(said) == stored
