"""The collages of windows as files of one folder. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

import msgspec

from ops_dashboard.inspect.window_record import WindowRecord

_DIGITS = 8


class CollageFile(msgspec.Struct, frozen=True, kw_only=True):
    """A collage in the output bucket, and its name in the folder."""

    key: str
    name: str
    bytes: int | None
    sha256: str | None
    """None for windows of older versions. In hexadecimal digits."""


def collage_files(windows: Iterable[WindowRecord]) -> list[CollageFile]:
    """Return the collages of windows in their order; each has a name of its own.

    It is the last part of the key. If two keys end alike, the later one's name gets a part of the
    key's hash, so that a collage has the same name in every download of its batch.
    """
    files: dict[str, CollageFile] = {}
    for window in windows:
        if window.collage_key is None:
            continue
        name = PurePosixPath(window.collage_key).name
        if name in files:
            path = PurePosixPath(name)
            digest = hashlib.sha256(window.collage_key.encode()).hexdigest()[:_DIGITS]
            name = f"{path.stem}-{digest}{path.suffix}"
        files[name] = CollageFile(
            key=window.collage_key,
            name=name,
            bytes=window.collage_bytes,
            sha256=window.collage_sha256,
        )
    return list(files.values())
