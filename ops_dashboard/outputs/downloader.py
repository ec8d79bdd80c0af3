"""Downloads collages into a folder, and leaves out those that are there. Edge (S3, disk).

A file appears under its name when it is complete. One that is there has the size and hash of the
window's item, or, for windows without them, the ETag that S3 has for the collage: S3 is asked for
it on the condition that it is another one. A collage that was rebuilt is downloaded again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from ops_dashboard.outputs.collage_files import CollageFile
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import TransientError, UserError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

TRIES = 3
"""Attempts at one object whose content breaks off; requests are also tried again by the SDK."""
_CHUNK_BYTES = 1 << 18
_GONE = frozenset({"NoSuchKey", "404"})
_SAME = "304"
Report = Callable[[int], None]
"""Called with the number of bytes of a file that is complete."""


class Fetched(StrEnum):
    """What became of a collage."""

    DOWNLOADED = "downloaded"
    THERE = "there already"
    GONE = "no longer in the bucket"


class Downloader:
    """Downloads from one bucket into one folder. Safe to share between threads."""

    def __init__(self, s3: S3Client, bucket: str, folder: Path) -> None:
        """Use a folder that exists."""
        self._s3, self._bucket, self._folder = s3, bucket, folder

    def fetch(self, file: CollageFile) -> tuple[Fetched, int]:
        """Download a collage unless it is there; return what became of it, and its bytes.

        Raises `TransientError` if S3 does not answer, `UserError` if the file cannot be written.
        """
        path = self._folder / file.name
        try:
            if file.sha256 is not None and _sha256(path) == file.sha256:
                return Fetched.THERE, path.stat().st_size
            etag = f'"{_md5(path)}"' if path.is_file() else None
            return self._download(file.key, path, etag)
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror or error}"
            raise UserError(msg) from error

    def _download(self, key: str, path: Path, etag: str | None) -> tuple[Fetched, int]:
        partial = path.with_name(f".{path.name}.partial")
        try:
            for tries_left in reversed(range(TRIES)):
                try:
                    size = self._receive(key, partial, etag)
                except (IncompleteReadError, HTTPClientError) as error:
                    if not tries_left:
                        msg = f"download {key}: {error}"
                        raise TransientError(msg) from error
                    continue
                partial.replace(path)
                return Fetched.DOWNLOADED, size
            raise AssertionError  # pragma: no cover - the last try returns or raises
        except ClientError as error:
            if error_code(error) in _GONE:
                return Fetched.GONE, 0
            if error_code(error) == _SAME:
                return Fetched.THERE, path.stat().st_size
            raise
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()

    def _receive(self, key: str, partial: Path, etag: str | None) -> int:
        condition: dict[str, Any] = {"IfNoneMatch": etag} if etag else {}
        with map_errors(f"download {key}"):
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, **condition)
        with partial.open("wb") as out, contextlib.closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                out.write(chunk)
        return int(answer["ContentLength"])


def _sha256(path: Path) -> str | None:
    return _digest(path, "sha256") if path.is_file() else None


def _md5(path: Path) -> str:
    return _digest(path, "md5")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
