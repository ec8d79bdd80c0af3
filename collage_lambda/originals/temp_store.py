"""The temp bucket: packs of originals and of covers, long image lists. Edge (S3)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from collage_lambda.originals.image_pack import spool
from collage_lambda.originals.originals_pack import OriginalsReader
from stream_ingest.aws.conditional_put import if_unchanged, put_own_if
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import WindowImage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MISSING = frozenset({"NoSuchKey", "404", "InvalidRange", "416"})
"""No object, or another one that is shorter than the requested range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOriginals:
    """The originals that an earlier build stored, and the ETag of their object."""

    reader: OriginalsReader | None = None
    """None if there is no pack, or one that cannot be read."""
    etag: str | None = None

    @property
    def count(self) -> int:
        """Number of originals."""
        return self.reader.count if self.reader else 0


NO_STORED_ORIGINALS = StoredOriginals()


class TempStore:
    """Reads and writes the temp bucket."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        """Use `bucket`."""
        self._s3, self._bucket = s3, bucket

    def load_images(self, key: str) -> tuple[WindowImage, ...]:
        """Return a long window's image list; raises `DecodeError` if it is gone or unreadable."""
        with spool() as file:
            if self._read(key, file) is None:
                msg = f"image list {key} is gone"
                raise DecodeError(msg)
            try:
                return msgspec.json.decode(file.read(), type=tuple[WindowImage, ...])
            except msgspec.DecodeError as error:
                msg = f"image list {key}: {error}"
                raise DecodeError(msg) from error

    def load_originals(self, key: str, file: IO[bytes]) -> StoredOriginals:
        """Return a window's originals, read into `file`."""
        etag = self._read(key, file)
        if etag is None:
            return NO_STORED_ORIGINALS
        try:
            return StoredOriginals(reader=OriginalsReader(file), etag=etag)
        except DecodeError:
            return StoredOriginals(etag=etag)  # unreadable: the images are downloaded again

    def save_originals(self, key: str, pack: IO[bytes], before: StoredOriginals) -> None:
        """Put a window's originals in place of those in `before`.

        If another worker's object is there by now, it stays. A lifecycle rule removes originals.
        """
        self._put_pack(key, pack, before.etag)

    def save_failure(self, key: str, document: bytes) -> None:
        """Put the document of a failed download."""
        with map_errors(f"put {key}"):
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=document, ContentType="application/json"
            )

    def load(self, key: str, file: IO[bytes]) -> bool:
        """Read an object into `file`; return whether it exists."""
        return self._read(key, file) is not None

    def load_tagged(self, key: str, file: IO[bytes]) -> str | None:
        """Read an object into `file`; return its ETag, None if it does not exist."""
        return self._read(key, file)

    def replace(self, key: str, pack: IO[bytes], etag: str) -> bool:
        """Put a pack in place of the one with this ETag; return False if that has changed."""
        return self._put_pack(key, pack, etag)

    def _put_pack(self, key: str, pack: IO[bytes], etag: str | None) -> bool:
        """Put a zip file in place of the one with this ETag; return False if that has changed."""
        return put_own_if(
            self._s3,
            if_unchanged(etag),
            Bucket=self._bucket,
            Key=key,
            Body=pack,
            ContentType="application/zip",
        )

    def load_range(self, key: str, first: int, last: int, file: IO[bytes]) -> bool:
        """Read bytes `first` to `last` of an object into `file`; return whether it exists."""
        return self._read(key, file, Range=f"bytes={first}-{last}") is not None

    def _read(self, key: str, file: IO[bytes], **request: Any) -> str | None:  # noqa: ANN401 - boto's own
        """Copy an object into a file and rewind it; return its ETag, None if it does not exist."""
        try:
            with map_errors(f"get {key}"):
                found = self._s3.get_object(Bucket=self._bucket, Key=key, **request)
                shutil.copyfileobj(found["Body"], file)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise
        file.seek(0)
        return found["ETag"]
