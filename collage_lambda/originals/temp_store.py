"""The temp bucket: packs of originals and of covers, long image lists. Edge (S3)."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from collage_lambda.originals.image_pack import spool
from collage_lambda.originals.originals_pack import OriginalsReader
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.shares import Share
from stream_ingest.aws.conditional_put import if_unchanged, put_own_if
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import ConflictError, DecodeError
from stream_ingest.contracts.events import WindowImage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MISSING = frozenset({"NoSuchKey", "404", "InvalidRange", "416"})
"""No object, or another one that is shorter than the requested range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOriginals:
    """The originals that earlier builds stored, and the ETag of the window's own object."""

    readers: tuple[OriginalsReader, ...] = ()
    """The pack with most originals first; none if there is no pack that can be read."""
    etag: str | None = None
    share: Share | None = None
    """Where that pack is; None for the window's own object."""

    @property
    def count(self) -> int:
        """Number of originals in the pack with most."""
        return max((reader.count for reader in self.readers), default=0)


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
            return StoredOriginals(readers=(OriginalsReader(file),), etag=etag)
        except DecodeError:
            return StoredOriginals(etag=etag)  # unreadable: the images are downloaded again

    def find_originals(
        self, key: str, share: Share | None, images: int, files: ExitStack
    ) -> StoredOriginals:
        """Return a window's originals: its share of a pack, and its own object.

        That is read only if the share lacks some of the window's `images`, as it may hold those
        that a rebuild has found since. Both are read into temporary files of `files`.
        """
        shared = self._load_share(share, files) if share else None
        if shared is not None and shared.count >= images:
            return StoredOriginals(readers=(shared,), share=share)
        own = self.load_originals(key, files.enter_context(spool()))
        if shared is None:
            return own
        if own.count > shared.count:
            return replace(own, readers=(*own.readers, shared))
        return replace(own, readers=(shared, *own.readers), share=share)

    def _load_share(self, share: Share, files: ExitStack) -> OriginalsReader | None:
        """Return the originals of a share; None if it is gone or unreadable."""
        file = files.enter_context(spool())
        if not self.load_range(share.key, share.offset, share.offset + share.length - 1, file):
            return None
        try:
            return OriginalsReader(file)
        except DecodeError:
            return None

    def save_shared(self, pack: SharedPack) -> None:
        """Put a pack of several windows. A lifecycle rule removes it."""
        if not self._put_pack(pack.key, pack.finish(), None):
            msg = f"{pack.key} is taken"
            raise ConflictError(msg)

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

    def delete(self, key: str) -> None:
        """Delete an object; safe to repeat."""
        with map_errors(f"delete {key}"):
            self._s3.delete_object(Bucket=self._bucket, Key=key)

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
