"""What windows keep in the temp bucket: packs of originals, and long image lists. Edge (S3)."""

from __future__ import annotations

import shutil
from typing import IO, TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from collage_lambda.sources import StoredSources, spool
from stream_ingest.aws_errors import error_code, translated
from stream_ingest.errors import DecodeError
from stream_ingest.events import WindowImage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MISSING = frozenset({"NoSuchKey", "404"})


class TempStore:
    """Reads and writes the temp bucket."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        """Use `bucket`."""
        self._s3, self._bucket = s3, bucket

    def load_images(self, key: str) -> tuple[WindowImage, ...]:
        """Return an image list that did not fit the bus; `DecodeError` where there is none."""
        with spool() as file:
            if not self._read(key, file):
                msg = f"image list {key} is not there any more"
                raise DecodeError(msg)
            try:
                return msgspec.json.decode(file.read(), type=tuple[WindowImage, ...])
            except msgspec.DecodeError as error:
                msg = f"image list {key}: {error}"
                raise DecodeError(msg) from error

    def load_sources(self, key: str, file: IO[bytes]) -> StoredSources | None:
        """Return a window's originals, read into `file`; None where there is no readable pack."""
        if not self._read(key, file):
            return None
        try:
            return StoredSources(file)
        except DecodeError:
            return None  # as good as not kept: the images are downloaded again

    def save_sources(self, key: str, pack: IO[bytes]) -> None:
        """Put a window's originals; a lifecycle rule of the bucket removes them."""
        with translated(f"put {key}"):
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=pack, ContentType="application/zip"
            )

    def _read(self, key: str, file: IO[bytes]) -> bool:
        """Copy an object into a file and rewind it; tell whether it was there."""
        try:
            with translated(f"get {key}"):
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
                shutil.copyfileobj(body, file)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return False
            raise
        file.seek(0)
        return True
