"""Objects under ``results/`` in the output bucket, each put under a condition. Edge (S3).

The right to list the bucket is not needed: a conditional put that fails shows that an object
exists. (S3 answers a request for a missing object with 403, not 404, if listing is not allowed.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING

from stream_ingest.aws.conditional_put import if_unchanged, put_if
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import ConflictError, DecodeError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

JSON, CSV = "application/json", "text/csv; charset=utf-8"
_CACHE = "no-cache"
"""Statistics change during the day; whoever keeps a copy asks whether it is still good."""
_RUN = "started-at"
"""Metadata that tells a batch from an older one of the same name (its item lives 400 days)."""
_NOTE = "note"
_ROUNDS = 8
_ONLY_NEW = if_unchanged(None)


class ResultStore:
    """Puts and amends results."""

    def __init__(
        self, s3: S3Client, bucket: str, on_unreadable: Callable[[str], None] = lambda _: None
    ) -> None:
        """Use `bucket`; `on_unreadable` receives the key of an object that could not be read."""
        self._s3, self._bucket, self._on_unreadable = s3, bucket, on_unreadable

    def put_once(
        self, key: str, body: bytes | IO[bytes], kind: str, *, run: str, note: str = ""
    ) -> str:
        """Put an object of one run of a batch, unless this run has put it before.

        `run` is the moment at which the batch began. Returns the note (ASCII, at most 1,900 bytes:
        S3 keeps 2 KB of metadata) with the object that is there. Raises `ConflictError` where an
        older batch's object was replaced by somebody else at the same moment.
        """
        metadata = {_RUN: run, _NOTE: note}
        if self._put(key, body, kind, _ONLY_NEW, metadata):
            return note
        with map_errors(f"head {key}"):
            found = self._s3.head_object(Bucket=self._bucket, Key=key)
        if found["Metadata"].get(_RUN) == run:
            return found["Metadata"].get(_NOTE, "")
        if not self._put(key, body, kind, if_unchanged(found["ETag"]), metadata):
            msg = f"{key} was replaced meanwhile"
            raise ConflictError(msg)
        return note

    def read(self, key: str) -> bytes:
        """Return an object's bytes."""
        return self._get(key)[0]

    def amend(self, key: str, amended: Callable[[bytes | None], bytes]) -> None:
        """Put the JSON that `amended` makes of the present one, or of None if there is none.

        `amended` is pure: it is called again if another writer was first. JSON that it refuses
        with `DecodeError` is stored beside the new object as ``<key>.unreadable``. Raises
        `ConflictError` if another writer was first every time.
        """
        body, condition = amended(None), _ONLY_NEW
        for _ in range(_ROUNDS):
            if self._put(key, body, JSON, condition):
                return
            found, etag = self._get(key)
            body, condition = self._amended(key, found, amended), if_unchanged(etag)
            if body == found:
                return
        msg = f"{key} was amended by others {_ROUNDS} times"
        raise ConflictError(msg)

    def _amended(self, key: str, found: bytes, amended: Callable[[bytes | None], bytes]) -> bytes:
        try:
            return amended(found)
        except DecodeError:
            self._put(f"{key}.unreadable", found, "application/octet-stream", {})
            self._on_unreadable(key)
            return amended(None)

    def _get(self, key: str) -> tuple[bytes, str]:
        with map_errors(f"read {key}"):
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]

    def _put(
        self,
        key: str,
        body: bytes | IO[bytes],
        kind: str,
        condition: dict[str, str],
        metadata: dict[str, str] | None = None,
    ) -> bool:
        """Put an object; False where its condition does not hold."""
        return put_if(
            self._s3,
            condition,
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType=kind,
            CacheControl=_CACHE,
            Metadata=metadata or {},
        )
