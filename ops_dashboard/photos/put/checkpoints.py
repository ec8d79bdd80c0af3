"""Uploads in parts that are under way, on disk, so that they can be continued. Edge (disk).

There is one file for each local file, named by the hash of its path and of the bucket. It is for
one content: a file whose size or time has changed is sent from its beginning.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from ops_dashboard.photos.put.files import LocalPhoto
from rendition_lambda.uploading.signed import PartsUpload
from stream_ingest.contracts.errors import UserError

_OWN_FOLDER = 0o700


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    bytes: int
    modified_ns: int
    upload: PartsUpload


class UploadCheckpoints:
    """The uploads of this user to one bucket."""

    def __init__(self, bucket: str, folder: Path | None = None) -> None:
        """Keep them in `folder`; by default below the user's state directory, as pushes are."""
        default = user_state_path("coverstream", appauthor=False) / "photos"
        self._bucket, self._folder = bucket, folder or default

    def find(self, photo: LocalPhoto) -> PartsUpload | None:
        """Return the upload of a file that was interrupted; None if it is of another content."""
        content = self._read(photo)
        if content is None:
            return None
        was = (content.bytes, content.modified_ns, content.upload.key, content.upload.replace)
        upload = photo.upload
        now = (upload.bytes, photo.modified_ns, upload.key, upload.replace)
        return content.upload if was == now else None

    def outdated(self, photo: LocalPhoto) -> PartsUpload | None:
        """Return an upload of the file that cannot be continued, so that it can be aborted."""
        content = self._read(photo)
        return None if content is None or self.find(photo) else content.upload

    def write(self, photo: LocalPhoto, upload: PartsUpload) -> None:
        """Record that an upload has begun; raises `UserError` if that cannot be written."""
        content = _Content(
            path=str(photo.path.resolve()),
            bytes=photo.upload.bytes,
            modified_ns=photo.modified_ns,
            upload=upload,
        )
        path = self._path(photo)
        fresh = path.with_suffix(".new")
        try:
            path.parent.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(content))
            fresh.replace(path)
        except OSError as error:
            msg = f"cannot write {path.parent}: {error.strerror}; set XDG_STATE_HOME to a folder"
            raise UserError(msg) from error

    def forget(self, photo: LocalPhoto) -> None:
        """Remove the record of an upload that has ended."""
        self._path(photo).unlink(missing_ok=True)

    def _read(self, photo: LocalPhoto) -> _Content | None:
        try:
            return msgspec.json.decode(self._path(photo).read_bytes(), type=_Content)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:  # of another release: S3 removes its parts after a day
            return None

    def _path(self, photo: LocalPhoto) -> Path:
        name = f"{self._bucket}\n{photo.path.resolve()}"
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.upload"
