"""Packs with the originals of several windows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

from collage_lambda.originals.originals_pack import OriginalEntry, OriginalsWriter
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.shares import Share
from stream_ingest.contracts.naming import creator_name, split_window_id

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def originals(*bodies: bytes) -> IO[bytes]:
    """Return a window's own pack, whose images have their numbers as identities."""
    with OriginalsWriter() as writer:
        for index, body in enumerate(bodies):
            sha256 = hashlib.sha256(body).hexdigest()
            entry = OriginalEntry(index=index, identity=str(index), url="u", sha256=sha256)
            writer.add_original(entry, body)
        return io.BytesIO(writer.finish().read())


def add_share(pack: SharedPack, window_id: str, *bodies: bytes) -> Share:
    """Add the originals of a window."""
    creator = creator_name(split_window_id(window_id)[0])
    share = pack.add_share(creator, window_id, originals(*bodies))
    assert share is not None
    return share


def store_shares(s3: S3Client, bucket: str, bodies: Mapping[str, bytes]) -> dict[str, Share]:
    """Store a pack with one original for each window id; return their shares."""
    with SharedPack() as pack:
        shares = {name: add_share(pack, name, body) for name, body in bodies.items()}
        TempStore(s3, bucket).save_shared(pack)
    return shares
