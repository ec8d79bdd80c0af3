"""Assemble a window's images into a canvas: download all at once, decode as they arrive. Edge.

Downloads run on the event loop. Each body is decoded in a small thread pool and its cell pasted;
then bytes and pixels are dropped. So no more images are decoded at any time than there are threads.
If a body is not an image, the image's next URL is tried.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor

import msgspec

from collage_lambda.assembly.duplicates import without_repeats
from collage_lambda.download.downloader import download_image
from collage_lambda.download.fetch import Fetcher
from collage_lambda.download.recorded_response import RecordedResponse
from collage_lambda.image.colour import parse_rgb
from collage_lambda.image.compose import Canvas
from collage_lambda.image.decode import MIN_SIDE_PX, Cell, CellSpec
from collage_lambda.image.decoder import Decoder
from collage_lambda.originals.cached_images import NO_CACHED_IMAGES, CachedImages
from collage_lambda.originals.originals_pack import OriginalEntry, OriginalsWriter
from collage_lambda.outcomes import Assembly, CellOutcome, ImageFacts, Origin
from collage_lambda.reasons import Failure, FailureReason
from stream_ingest.contracts.events import WindowImage
from stream_ingest.contracts.settings import CollageLayout


class Assembler:
    """Assembles one window; made for one window and one event loop."""

    def __init__(  # noqa: PLR0913 - the builder names each part once
        self,
        layout: CollageLayout,
        images: Sequence[WindowImage],
        *,
        fetcher: Fetcher,
        threads: Executor,
        decoder: Decoder,
        cached: CachedImages = NO_CACHED_IMAGES,
        writer: OriginalsWriter | None = None,
        known_failures: Mapping[str, FailureReason] | None = None,
        refused: AbstractSet[str] = frozenset(),
        debug: bool = False,
        min_side_px: int = MIN_SIDE_PX,
        simd: bool = True,
    ) -> None:
        """Assemble `images`, decoded by `decoder` in `threads`.

        `cached` images are not downloaded; neither are those in `known_failures` (by identity),
        which keep their reason. Every image that is shown goes into `writer`. An image whose sha256
        is in `refused` counts as missing, and so does one with a side below `min_side_px`. With
        `debug` the servers' responses are recorded. Without `simd` Pillow alone scales images.
        """
        self._layout, self._images = layout, images
        self._canvas = Canvas(layout, len(images), simd=simd)
        self._spec = CellSpec(
            cell_px=layout.cell_px,
            background=parse_rgb(layout.background),
            min_side_px=min_side_px,
            simd=simd,
        )
        self._fetcher, self._threads, self._decoder = fetcher, threads, decoder
        self._cached, self._writer = cached, writer
        self._known_failures, self._refused = known_failures or {}, refused
        self._responses: dict[int, list[RecordedResponse]] | None = {} if debug else None

    async def assemble(self, window_s: float) -> Assembly:
        """Return the canvas after at most `window_s` seconds; late images fail with `timeout`.

        Each image is in the cell of its number (`Canvas.arrange` has not been called). Raises
        `StorageFullError` if there is no space for originals.
        """
        images = self._images
        tasks: list[asyncio.Task[CellOutcome]] = []
        try:
            async with asyncio.timeout(window_s), asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._fill(index, image))
                    for index, image in enumerate(images)
                ]
        except TimeoutError:
            pass  # the tasks that it cancelled are the late ones
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # which has cancelled the other tasks
        outcomes = [
            _late(index, image) if task.cancelled() else task.result()
            for index, (image, task) in enumerate(zip(images, tasks, strict=True))
        ]
        return Assembly(
            layout=self._layout,
            canvas=self._canvas,
            outcomes=without_repeats(outcomes),
            bytes_downloaded=sum(outcome.bytes_downloaded for outcome in outcomes),
            is_late=any(task.cancelled() for task in tasks),
            responses=self._responses or {},
        )

    async def _fill(self, index: int, image: WindowImage) -> CellOutcome:
        for origin, data in self._cached.bytes_of(image):
            facts = await self._show(index, image, image.url, data, origin)
            if isinstance(facts, ImageFacts):
                return CellOutcome(cell=index, identity=image.identity, url=image.url, facts=facts)
        if image.identity in self._known_failures:
            reason = self._known_failures[image.identity]
            known = Failure(reason=reason, detail="failed before; not downloaded again")
            return CellOutcome(cell=index, identity=image.identity, url=image.url, failure=known)
        return await self._download(index, image)

    async def _download(self, index: int, image: WindowImage) -> CellOutcome:
        responses = None
        if self._responses is not None:
            responses = self._responses[index] = []

        async def show(url: str, data: bytes) -> ImageFacts | Failure:
            return await self._show(index, image, url, data, "download")

        urls = (image.url, *image.fallbacks)
        result = await download_image(self._fetcher, urls, show, responses)
        outcome = CellOutcome(
            cell=index,
            identity=image.identity,
            url=result.url,
            attempts=result.attempts,
            bytes_downloaded=result.bytes,
        )
        if isinstance(result.outcome, Failure):
            return msgspec.structs.replace(outcome, failure=_explain(result.outcome, image))
        return msgspec.structs.replace(outcome, facts=result.outcome)

    async def _show(
        self, index: int, image: WindowImage, url: str, data: bytes, origin: Origin
    ) -> ImageFacts | Failure:
        """Decode an image, paste its cell and store its bytes."""
        loop = asyncio.get_running_loop()
        cell, sha256 = await loop.run_in_executor(self._threads, self._decode, data)
        if isinstance(cell, Failure):
            return cell
        if sha256 in self._refused:
            return Failure(reason=FailureReason.PLACEHOLDER, detail=f"sha256 {sha256}")
        self._canvas.paste(index, cell.image)
        if self._writer is not None:
            entry = OriginalEntry(index=index, identity=image.identity, url=url, sha256=sha256)
            self._writer.add_original(entry, data)
        return ImageFacts(
            format=cell.format,
            width=cell.width,
            height=cell.height,
            bytes=len(data),
            sha256=sha256,
            origin=origin,
        )

    def _decode(self, data: bytes) -> tuple[Cell | Failure, str]:
        cell = self._decoder.decode(data, self._spec)
        return cell, hashlib.sha256(data).hexdigest()


def _late(index: int, image: WindowImage) -> CellOutcome:
    failure = Failure(reason=FailureReason.TIMEOUT, detail="the window ran out of time")
    return CellOutcome(cell=index, identity=image.identity, url=image.url, failure=failure)


def _explain(failure: Failure, image: WindowImage) -> Failure:
    """Return a failure; a URL that expired after a failed prefetch keeps the prefetch's reason."""
    if failure.reason is not FailureReason.EXPIRED or image.lost not in set(FailureReason):
        return failure
    detail = "when it was prefetched, before its URL expired"
    return msgspec.structs.replace(failure, reason=FailureReason(image.lost), detail=detail)
