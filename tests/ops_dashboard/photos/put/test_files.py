"""Files are checked before anything is sent, and each has a key of its own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from ops_dashboard.photos.put.files import check_files
from rendition_lambda.recipe import AUGMENTATION
from rendition_lambda.uploading.request import UploadRefusedError
from stream_ingest.contracts.errors import NotFoundError


def jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (60, 60), "red").save(data, "JPEG")
    return data.getvalue()


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    (folder / "day 1" / ".cache").mkdir(parents=True)
    (folder / "b.jpg").write_bytes(jpeg())
    (folder / "day 1" / "ü.jpg").write_bytes(jpeg())
    (folder / "day 1" / ".cache" / "c.jpg").write_bytes(jpeg())
    (folder / "notes.txt").write_text("no photo")
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


def test_a_folder_is_uploaded_with_its_folders_and_without_other_files(album: Path) -> None:
    photos, refused = check_files([album], "wedding", replace=False)

    assert [photo.upload.key for photo in photos] == ["wedding/b.jpg", "wedding/day 1/ü.jpg"]
    assert {photo.upload.content_type for photo in photos} == {"image/jpeg"}
    assert [(each.path.name, each.is_error) for each in refused] == [("notes.txt", False)]


def test_images_to_augment_have_no_gallery(album: Path) -> None:
    (photo,), _ = check_files([album / "b.jpg"], None, replace=True)
    assert (photo.upload.key, photo.upload.replace) == ("original-uploads/b.jpg", True)


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("a.txt", b"text", "not a photo by its name"),
        ("a.jpg", b"", "is empty"),
        ("a.jpg", b"<html>", "not_an_image: HTML"),
        ("a.jpg", b"FOVb" * 9, "unsupported_raw: X3F"),
        ("a.psd", b"8BPS" * 9, "unsupported_format: PSD"),
    ],
)
def test_a_file_that_would_not_be_rendered_is_refused(
    tmp_path: Path, name: str, body: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    photos, (refused,) = check_files([path], "g", replace=False)

    assert photos == []
    assert why in refused.why
    assert refused.is_error


def test_a_file_that_is_too_large_for_its_recipe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    with path.open("r+b") as file:
        file.truncate(AUGMENTATION.max_bytes + 1)

    _, (refused,) = check_files([path], None, replace=False)
    assert "10 MB" in refused.why
    assert check_files([path], "g", replace=False)[1] == []


def test_the_type_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(jpeg())
    (photo,), _ = check_files([path], "g", replace=False)
    assert photo.upload.content_type == "image/jpeg"


def test_two_files_of_one_name_do_not_overwrite_each_other(album: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.jpg"
    other.write_bytes(jpeg())
    photos, refused = check_files([album, other], "g", replace=True)

    assert len(photos) == 2
    assert f"the key of {album / 'b.jpg'}, g/b.jpg" in refused[-1].why
    again, refused = check_files([other, other], "g", replace=True)
    assert (len(again), refused) == (1, [])


def test_a_missing_file_and_an_impossible_gallery_are_errors(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        check_files([tmp_path / "none.jpg"], "g", replace=False)
    with pytest.raises(UploadRefusedError, match="has a slash"):
        check_files([tmp_path], "a/b", replace=False)
