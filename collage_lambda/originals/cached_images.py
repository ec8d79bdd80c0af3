"""Images of a window that need no download: originals and prefetched covers. Edge (S3).

The prefetched covers of one creator are adjacent in a pack, so a window reads one byte range of
each pack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Self

import msgspec

from collage_lambda.originals.image_pack import spool
from collage_lambda.originals.originals_pack import OriginalsReader
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.outcomes import Origin
from stream_ingest.contracts.events import PrefetchedCover, WindowImage


class PrefetchedCovers:
    """The prefetched covers of one window; a context manager that drops their bytes."""

    def __init__(self) -> None:
        """Start without any."""
        self._files: dict[str, tuple[IO[bytes], int]] = {}
        """By pack: the bytes that were read, and their offset in the pack."""
        self._stack = ExitStack()

    def load(self, images: Sequence[WindowImage], temp: TempStore, threads: Executor) -> None:
        """Read each pack's range of covers of `images`, several packs at once."""
        by_pack: dict[str, list[PrefetchedCover]] = {}
        for cover in (image.prefetched for image in images):
            if cover is not None:
                by_pack.setdefault(cover.pack, []).append(cover)
        reads = [
            threads.submit(self._read_range, temp, pack, covers) for pack, covers in by_pack.items()
        ]
        for read in reads:
            read.result()

    def _read_range(self, temp: TempStore, pack: str, covers: Sequence[PrefetchedCover]) -> None:
        first = min(cover.offset for cover in covers)
        last = max(cover.offset + cover.length for cover in covers) - 1
        file = self._stack.enter_context(spool())
        if temp.load_range(pack, first, last, file):
            self._files[pack] = file, first

    def read(self, cover: PrefetchedCover) -> bytes | None:
        """Return a cover's bytes, or None if they are missing or have changed."""
        file, first = self._files.get(cover.pack, (None, 0))
        if file is None:
            return None
        file.seek(cover.offset - first)
        data = file.read(cover.length)
        return data if hashlib.sha256(data).hexdigest() == cover.sha256 else None

    def __enter__(self) -> Self:
        """Return the covers."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Drop the bytes."""
        self._stack.close()


class CachedImages(msgspec.Struct, frozen=True, kw_only=True):
    """The images of a window that are in S3."""

    stored: tuple[OriginalsReader, ...] = ()
    prefetched: PrefetchedCovers | None = None

    def bytes_of(self, image: WindowImage) -> Iterator[tuple[Origin, bytes]]:
        """Yield the cached bytes of an image with their origin, originals first."""
        for reader in self.stored:
            data = reader.read(image.identity)
            if data is not None:
                yield "stored", data
        data = (
            self.prefetched.read(image.prefetched) if self.prefetched and image.prefetched else None
        )
        if data is not None:
            yield "prefetched", data


NO_CACHED_IMAGES = CachedImages()
