"""Files and folders that are to be uploaded, checked before anything is sent. Edge (disk)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from imaging.signatures import HEAD_BYTES
from rendition_lambda.names import file_suffix
from rendition_lambda.reasons import PhotoError
from rendition_lambda.recipe import recipe_of
from rendition_lambda.render.formats import RAW, family, photo_format
from rendition_lambda.uploading.request import (
    BINARY,
    Upload,
    UploadRefusedError,
    UploadRequest,
    accept,
    upload_key,
)
from stream_ingest.contracts.errors import NotFoundError


class LocalPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be uploaded."""

    path: Path
    upload: Upload
    modified_ns: int

    def is_unchanged(self) -> bool:
        """Return whether the file still has its size and time."""
        found = self.path.stat()
        return (found.st_size, found.st_mtime_ns) == (self.upload.bytes, self.modified_ns)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is not uploaded, and why."""

    path: Path
    why: str
    is_error: bool = True
    """False for a file of a folder that is no photo by its name."""


def check_files(
    paths: Iterable[Path], gallery: str | None, *, replace: bool
) -> tuple[list[LocalPhoto], list[Refused]]:
    """Return the files to upload, in order, and those that are not.

    `gallery` is None for images to augment. Raises `NotFoundError` for a path that does not exist,
    and `UploadRefusedError` for a gallery that cannot be one.
    """
    upload_key(gallery, "name")
    photos: list[LocalPhoto] = []
    refused: list[Refused] = []
    by_key: dict[str, Path] = {}
    for path, name, is_named in _found(paths):
        try:
            photo = _check(path, name, gallery, replace=replace)
        except (UploadRefusedError, PhotoError, OSError) as error:
            is_other = not is_named and recipe_of(f"g/{path.name}") is None
            refused.append(Refused(path=path, why=_reason(error), is_error=not is_other))
            continue
        other = by_key.get(photo.upload.key)
        if other is None:
            by_key[photo.upload.key] = path
            photos.append(photo)
        elif other != path:
            why = f"it would have the key of {other}, {photo.upload.key}"
            refused.append(Refused(path=path, why=why))
    return photos, refused


def _found(paths: Iterable[Path]) -> Iterator[tuple[Path, str, bool]]:
    """Yield files with their names below the folder that was named, if any."""
    for path in paths:
        if path.is_dir():
            for folder, folders, files in os.walk(path):
                folders[:] = sorted(each for each in folders if not each.startswith("."))
                for name in sorted(each for each in files if not each.startswith(".")):
                    file = Path(folder, name)
                    yield file, file.relative_to(path).as_posix(), False
        elif path.exists():
            yield path, path.name, True
        else:
            msg = f"{path} does not exist"
            raise NotFoundError(msg)


def _check(path: Path, name: str, gallery: str | None, *, replace: bool) -> LocalPhoto:
    """Return a file; raises `UploadRefusedError` or `PhotoError` if it would not be rendered."""
    facts = path.stat()
    request = UploadRequest(gallery=gallery, name=name, bytes=facts.st_size, replace=replace)
    upload = accept(request)
    with path.open("rb") as file:
        kind = photo_format(file.read(HEAD_BYTES), file_suffix(upload.key))
    content_type = BINARY if family(kind) == RAW else f"image/{kind.lower()}"
    upload = msgspec.structs.replace(upload, content_type=content_type)
    return LocalPhoto(path=path, upload=upload, modified_ns=facts.st_mtime_ns)


def _reason(error: UploadRefusedError | PhotoError | OSError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
