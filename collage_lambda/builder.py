"""Builds one window: originals and downloads in, encoded pictures out. Edge.

Each build has an event loop, an HTTP session and a pack of originals of its own. While the pictures
are encoded, the pack is uploaded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack

import msgspec

from collage_lambda.assembly import Assembler
from collage_lambda.download.fallbacks import DownloadSettings, open_fetcher
from collage_lambda.download.fetch import Surroundings
from collage_lambda.download.resolver import Lookup
from collage_lambda.duplicates import Repeats
from collage_lambda.image.decoder import Decoder
from collage_lambda.originals.cached_images import CachedImages, PrefetchedCovers
from collage_lambda.originals.pack import spool
from collage_lambda.originals.temp_store import NOTHING_KEPT, Kept, TempStore
from collage_lambda.originals.window_pack import OriginalsPacker
from collage_lambda.outcomes import Assembly
from collage_lambda.output.keys import WindowKeys
from collage_lambda.reasons import FailureReason
from stream_ingest.contracts.events import WindowReady


class BuildSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How windows are built in this process."""

    downloads: DownloadSettings
    keep_originals: bool
    refused_images: frozenset[str] = frozenset()


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One built window, not yet published; without any image there are no pictures."""

    assembly: Assembly
    collage: bytes
    thumbnail: bytes
    originals_key: str | None
    timings_ms: dict[str, int]
    repeated: list[str]
    """sha256 of images that this process has now seen of several creators."""

    @property
    def images_ok(self) -> int:
        """Number of cells that show their image."""
        return self.assembly.images_ok


class Builder:
    """Builds windows, one at a time."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        settings: BuildSettings,
        *,
        temp: TempStore,
        lookup: Lookup,
        threads: Executor,
        uploads: Executor,
        decoder: Decoder,
        surroundings: Surroundings,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Decode by `decoder` in `threads`; upload in `uploads`."""
        self._settings, self._temp, self._lookup = settings, temp, lookup
        self._decoder, self._threads, self._uploads = decoder, threads, uploads
        self._repeats = Repeats()
        self._around, self._monotonic_s = surroundings, monotonic_s

    def build(
        self,
        event: WindowReady,
        keys: WindowKeys,
        window_s: float,
        *,
        reuse_originals: bool,
        spared: Mapping[str, FailureReason],
    ) -> Build:
        """Return a window's pictures after at most about `window_s` seconds of downloads.

        With `reuse_originals` originals that an earlier build kept are read first, then covers that
        were prefetched while the window was open. Images whose identity is in `spared` are not
        fetched: they have failed before, for good.
        """
        started_s = self._monotonic_s()
        with ExitStack() as stack:
            kept = self._kept(keys, stack) if reuse_originals else NOTHING_KEPT
            packer = (
                stack.enter_context(OriginalsPacker()) if self._settings.keep_originals else None
            )
            prefetched = stack.enter_context(PrefetchedCovers())
            prefetched.load(event.images, self._temp, self._uploads)
            at_hand = CachedImages(stored=kept.originals, prefetched=prefetched)
            assembly = asyncio.run(self._assemble(event, window_s, at_hand, packer, spared))
            assembled_s = self._monotonic_s()
            upload = None
            if packer is not None and packer.count > kept.count:
                pack = packer.finish()
                upload = self._uploads.submit(self._temp.save_originals, keys.originals, pack, kept)
            pictures = (b"", b"")
            if assembly.images_ok:
                pictures = (assembly.canvas.encode(), assembly.canvas.thumbnail())
            encoded_s = self._monotonic_s()
            if upload is not None:
                upload.result()
        return Build(
            assembly=assembly,
            collage=pictures[0],
            thumbnail=pictures[1],
            originals_key=keys.originals if upload or kept.count else None,
            timings_ms={
                "assemble": round(1000 * (assembled_s - started_s)),
                "encode": round(1000 * (encoded_s - assembled_s)),
            },
            repeated=self._repeats.see(event.creator, assembly.sha256s),
        )

    def _kept(self, keys: WindowKeys, stack: ExitStack) -> Kept:
        return self._temp.load_originals(keys.originals, stack.enter_context(spool()))

    async def _assemble(
        self,
        event: WindowReady,
        window_s: float,
        at_hand: CachedImages,
        packer: OriginalsPacker | None,
        spared: Mapping[str, FailureReason],
    ) -> Assembly:
        async with open_fetcher(self._settings.downloads, self._lookup, self._around) as fetcher:
            assembler = Assembler(
                event.layout,
                fetcher=fetcher,
                threads=self._threads,
                decoder=self._decoder,
                at_hand=at_hand,
                packer=packer,
                spared=spared,
                refused=self._settings.refused_images,
                debug=event.debug,
            )
            return await assembler.assemble(event.images, window_s)
