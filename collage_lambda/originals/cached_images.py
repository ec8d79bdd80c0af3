"""Bytes of a window's images that need no download: originals, and prefetched covers. Edge (S3).

Prefetched covers of one creator lie side by side in a pack, so a window reads one range of each
pack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Self

import msgspec

from collage_lambda.originals.pack import spool
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.originals.window_pack import StoredOriginals
from collage_lambda.outcomes import Origin
from stream_ingest.contracts.events import PrefetchedCover, WindowImage


class PrefetchedCovers:
    """The prefetched covers of one window; a context manager that drops their bytes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._files: dict[str, tuple[IO[bytes], int]] = {}
        """By pack: what was read of it, and where in the pack that begins."""
        self._stack = ExitStack()

    def load(self, images: Sequence[WindowImage], temp: TempStore, threads: Executor) -> None:
        """Read the range of each pack that covers of `images` are in, several at once."""
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
        """Return a cover's bytes, or None where they are not there or not what they were."""
        file, first = self._files.get(cover.pack, (None, 0))
        if file is None:
            return None
        file.seek(cover.offset - first)
        data = file.read(cover.length)
        return data if hashlib.sha256(data).hexdigest() == cover.sha256 else None

    def __enter__(self) -> Self:
        """Begin."""
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
    """What there is of a window's images."""

    stored: StoredOriginals | None = None
    prefetched: PrefetchedCovers | None = None

    def bytes_of(self, image: WindowImage) -> Iterator[tuple[Origin, bytes]]:
        """Yield what there is of an image, best first, and where it is from."""
        data = self.stored.read(image.identity) if self.stored else None
        if data is not None:
            yield "stored", data
        data = (
            self.prefetched.read(image.prefetched) if self.prefetched and image.prefetched else None
        )
        if data is not None:
            yield "prefetched", data


NO_CACHED_IMAGES = CachedImages()
