"""Build one window: cached and downloaded images in, encoded JPEGs out. Edge.

Downloads run in the event loop of the process, also while another window is composed. Each build
has its own pack of originals, which is uploaded while the JPEGs are encoded, or becomes a share of
one that several windows of a delivery have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass

from collage_lambda.assembly.assembler import Assembler
from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.assembly.duplicates import without_shown
from collage_lambda.assembly.placeholders import Placeholders
from collage_lambda.image.scaling import scaler_name
from collage_lambda.originals.cached_images import CachedImages, PrefetchedCovers
from collage_lambda.originals.originals_pack import OriginalsWriter
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.originals.temp_store import NO_STORED_ORIGINALS, StoredOriginals, TempStore
from collage_lambda.outcomes import Assembly, BuildResult
from collage_lambda.output.keys import WindowKeys
from collage_lambda.pipeline import ImagePipeline
from collage_lambda.reasons import FailureReason
from collage_lambda.shares import Share
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import WindowReady


class SlowWindowError(TransientError):
    """A window needs more time than it has beside others; its next receipt builds it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunBuild:
    """A window whose downloads run."""

    event: WindowReady
    keys: WindowKeys
    assembling: Future[tuple[Assembly, float]]
    """The canvas, and when it was complete."""
    stored: StoredOriginals
    writer: OriginalsWriter | None
    images_before: int
    in_company: bool
    started_s: float
    resources: ExitStack
    """The packs that it reads and writes."""


class Builder:
    """Builds windows: the downloads of some may run while another is composed."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        pipeline: ImagePipeline,
        *,
        temp: TempStore,
        uploads: Executor,
        keep_originals: bool,
        refused_images: frozenset[str] = frozenset(),
        contents: ContentMemory | None = None,
        placeholders: Placeholders | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Upload originals in `uploads`; treat images with a sha256 in `refused_images` as missing.

        With `keep_originals` the downloaded images are stored for a later rebuild. With `contents`
        an image that another window of the creator shows is not shown again.
        """
        self._pipeline, self._temp, self._uploads = pipeline, temp, uploads
        self._keep_originals, self._refused_images = keep_originals, refused_images
        self._contents, self._placeholders = contents, placeholders
        self._monotonic_s = monotonic_s

    def begin(  # noqa: PLR0913 - what the worker knows of a window
        self,
        event: WindowReady,
        keys: WindowKeys,
        window_s: float,
        *,
        reuse_originals: bool,
        known_failures: Mapping[str, FailureReason],
        share: Share | None = None,
        images_before: int = 0,
        in_company: bool = False,
    ) -> BegunBuild:
        """Start a window's downloads, which may take at most about `window_s` seconds.

        With `reuse_originals` the originals that an earlier build stored, maybe in a `share` of a
        pack, are read first, then prefetched covers. Images whose identity is in `known_failures`
        are not downloaded: they have failed before with a permanent reason. A build with fewer
        images than `images_before` will not be published, so it takes no image from other windows.
        A window `in_company` may not run out of time: alone it has more.
        """
        started_s = self._monotonic_s()
        with ExitStack() as stack:
            stored = (
                self._temp.find_originals(keys.originals, share, event.image_count, stack)
                if reuse_originals
                else NO_STORED_ORIGINALS
            )
            writer = stack.enter_context(OriginalsWriter()) if self._keep_originals else None
            prefetched = stack.enter_context(PrefetchedCovers())
            prefetched.load(event.images, self._temp, self._uploads)
            cached = CachedImages(stored=stored.readers, prefetched=prefetched)
            assembling = self._pipeline.downloads.start(
                self._assemble(event, window_s, cached, writer, known_failures)
            )
            stack.callback(assembling.cancel)  # does nothing to one that has ended
            return BegunBuild(
                event=event,
                keys=keys,
                assembling=assembling,
                stored=stored,
                writer=writer,
                images_before=images_before,
                in_company=in_company,
                started_s=started_s,
                resources=stack.pop_all(),
            )

    def finish(self, begun: BegunBuild, pack: SharedPack | None = None) -> BuildResult:
        """Return a window's JPEGs when its downloads have ended; may be called once.

        Its originals are stored, or added to a `pack` that has room for them. Raises
        `SlowWindowError` if a window in company ran out of time.
        """
        event, keys = begun.event, begun.keys
        with begun.resources:
            assembly, assembled_s = begun.assembling.result()
            if begun.in_company and assembly.is_late:
                msg = f"{event.window_id}: too slow to be built with others"
                raise SlowWindowError(msg)
            composing_s = self._monotonic_s()
            upload, share = self._keep(begun, None) if pack is None else (None, None)
            if assembly.images_ok >= begun.images_before:
                self._hide_shown(event, assembly)
            collage, thumbnail = _encode(assembly)
            encoded_s = self._monotonic_s()
            suspects = self._recognise(event, assembly)
            if pack is not None:  # last: a window that is given back must have no share
                upload, share = self._keep(begun, pack)
            if upload is not None:
                upload.result()
        own_key = keys.originals if upload or begun.stored.count else None
        return BuildResult(
            assembly=assembly,
            collage=collage,
            thumbnail=thumbnail,
            originals_key=share.key if share else own_key,
            share=share,
            timings_ms={
                "assemble": round(1000 * (assembled_s - begun.started_s)),
                "encode": round(1000 * (encoded_s - composing_s)),
            },
            scaler=scaler_name(simd=self._pipeline.simd),
            placeholder_suspects=suspects,
        )

    def _hide_shown(self, event: WindowReady, assembly: Assembly) -> None:
        """Take out the images that another window of the creator shows."""
        if self._contents is None:
            return
        shown = self._contents.claim(event, assembly.shown_sha256s)
        if event.dedup is not False:
            assembly.outcomes = without_shown(assembly.outcomes, shown)

    def _recognise(self, event: WindowReady, assembly: Assembly) -> list[str]:
        """Return the sha256 of images that the stack now recognises as of several creators."""
        if self._placeholders is None:
            return []
        return self._placeholders.record(event.creator, assembly.sha256s, assembly.repeated_sha256s)

    def _keep(
        self, begun: BegunBuild, pack: SharedPack | None
    ) -> tuple[Future[None] | None, Share | None]:
        """Keep this build's originals if they are more than the stored ones.

        Returns their upload, if one has begun, and the share of a pack in which they will be, or
        the stored ones are.
        """
        writer, stored, event = begun.writer, begun.stored, begun.event
        if writer is None or writer.count <= stored.count:
            return None, stored.share
        originals = writer.finish()
        if pack and (share := pack.add_share(event.creator, event.window_id, originals)):
            return None, share
        key = begun.keys.originals
        return self._uploads.submit(self._temp.save_originals, key, originals, stored), None

    async def _assemble(
        self,
        event: WindowReady,
        window_s: float,
        cached: CachedImages,
        writer: OriginalsWriter | None,
        known_failures: Mapping[str, FailureReason],
    ) -> tuple[Assembly, float]:
        pipeline = self._pipeline
        async with pipeline.downloads.fetcher(event.downloads or None) as fetcher:
            assembler = Assembler(
                event.layout,
                event.images,
                fetcher=fetcher,
                threads=pipeline.threads,
                decoder=pipeline.decoder,
                cached=cached,
                writer=writer,
                known_failures=known_failures,
                refused=self._refused_images,
                debug=event.debug,
                min_side_px=pipeline.min_side_px,
                simd=pipeline.simd,
            )
            return await assembler.assemble(window_s), self._monotonic_s()


def _encode(assembly: Assembly) -> tuple[bytes, bytes]:
    """Return collage and thumbnail, and drop the canvas; without any image both are empty."""
    canvas, encoded = assembly.canvas, (b"", b"")
    if assembly.images_ok:
        canvas.arrange(assembly.arrangement, assembly.shown)
        encoded = canvas.encode(), canvas.thumbnail()
    canvas.drop()  # the window may have to wait until others are built
    return encoded
