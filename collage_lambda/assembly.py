"""A window's images become a canvas: downloaded all at once, decoded as they arrive. Edge.

Downloads run on the event loop. Each body is decoded in a small thread pool, its cell is pasted,
and bytes and pixels are dropped at once; only as many images are decoded at any time as there are
threads. A body that turns out to be no image is as good as no answer: the next URL of the image is
tried.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor

import msgspec

from collage_lambda.download.attempts import Exchange
from collage_lambda.download.fallbacks import download
from collage_lambda.download.fetch import Fetcher
from collage_lambda.duplicates import without_repeats
from collage_lambda.image.colour import parse_rgb
from collage_lambda.image.compose import Canvas
from collage_lambda.image.decode import Cell, CellSpec
from collage_lambda.image.decoder import Decoder
from collage_lambda.originals.cached_images import NO_CACHED_IMAGES, CachedImages
from collage_lambda.originals.window_pack import OriginalsEntry, OriginalsPacker
from collage_lambda.outcomes import Assembly, CellOutcome, ImageFacts, Origin
from collage_lambda.reasons import Failure, FailureReason
from stream_ingest.contracts.events import WindowImage
from stream_ingest.contracts.settings import CollageLayout


class Assembler:
    """Builds one window's canvas; made for one window and one event loop."""

    def __init__(  # noqa: PLR0913 - one window's surroundings, named once by whoever builds it
        self,
        layout: CollageLayout,
        *,
        fetcher: Fetcher,
        threads: Executor,
        decoder: Decoder,
        at_hand: CachedImages = NO_CACHED_IMAGES,
        packer: OriginalsPacker | None = None,
        spared: Mapping[str, FailureReason] | None = None,
        refused: AbstractSet[str] = frozenset(),
        debug: bool = False,
    ) -> None:
        """Decode by `decoder` in `threads`.

        What is `at_hand` spares its download; originals used are put into `packer`; images in
        `spared` (by identity) keep the reason that they failed for before. Images whose sha256 is
        in `refused` are taken for missing. With `debug` the answers for failed images are kept.
        """
        self._canvas = Canvas(layout)
        self._spec = CellSpec(cell_px=layout.cell_px, background=parse_rgb(layout.background))
        self._fetcher, self._threads, self._decoder = fetcher, threads, decoder
        self._at_hand, self._packer, self._spared = at_hand, packer, spared or {}
        self._refused = refused
        self._bytes_downloaded = 0
        self._evidence: dict[int, list[Exchange]] | None = {} if debug else None

    async def assemble(self, images: Sequence[WindowImage], window_s: float) -> Assembly:
        """Return the canvas after at most `window_s` seconds; what is late then is a `timeout`."""
        tasks: list[asyncio.Task[CellOutcome]] = []
        try:
            async with asyncio.timeout(window_s), asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._fill(index, image))
                    for index, image in enumerate(images)
                ]
        except TimeoutError:
            pass  # the tasks that it cancelled are the late ones
        outcomes = [
            _late(index, image) if task.cancelled() else task.result()
            for index, (image, task) in enumerate(zip(images, tasks, strict=True))
        ]
        outcomes = without_repeats(outcomes)
        for outcome in outcomes:
            if outcome.facts and outcome.failure:
                self._canvas.clear(outcome.cell)
        return Assembly(
            canvas=self._canvas,
            outcomes=outcomes,
            bytes_downloaded=self._bytes_downloaded,
            evidence=self._evidence or {},
        )

    async def _fill(self, index: int, image: WindowImage) -> CellOutcome:
        for origin, data in self._at_hand.bytes_of(image):
            facts = await self._show(index, image, image.url, data, origin)
            if isinstance(facts, ImageFacts):
                return CellOutcome(cell=index, identity=image.identity, url=image.url, facts=facts)
        if image.identity in self._spared:
            known = Failure(reason=self._spared[image.identity], detail="not tried again")
            return CellOutcome(cell=index, identity=image.identity, url=image.url, failure=known)
        return await self._download(index, image)

    async def _download(self, index: int, image: WindowImage) -> CellOutcome:
        exchanges = None
        if self._evidence is not None:
            exchanges = self._evidence[index] = []

        async def show(url: str, data: bytes) -> ImageFacts | Failure:
            return await self._show(index, image, url, data, "download")

        done = await download(self._fetcher, (image.url, *image.fallbacks), show, exchanges)
        self._bytes_downloaded += done.bytes
        outcome = CellOutcome(
            cell=index, identity=image.identity, url=done.url, attempts=done.attempts
        )
        if isinstance(done.outcome, Failure):
            return msgspec.structs.replace(outcome, failure=_explained(done.outcome, image))
        return msgspec.structs.replace(outcome, facts=done.outcome)

    async def _show(
        self,
        index: int,
        image: WindowImage,
        url: str,
        data: bytes,
        origin: Origin,
    ) -> ImageFacts | Failure:
        """Decode, paste and keep an image's bytes."""
        loop = asyncio.get_running_loop()
        cell, sha256 = await loop.run_in_executor(self._threads, self._decode, data)
        if isinstance(cell, Failure):
            return cell
        if sha256 in self._refused:
            return Failure(reason=FailureReason.PLACEHOLDER, detail=f"sha256 {sha256}")
        self._canvas.paste(index, cell.image)
        if self._packer is not None:
            entry = OriginalsEntry(index=index, identity=image.identity, url=url, sha256=sha256)
            self._packer.keep(entry, data)
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


def _explained(failure: Failure, image: WindowImage) -> Failure:
    """Return why an image is missing; of one that was lost before it expired, that reason."""
    if failure.reason is not FailureReason.EXPIRED or image.lost not in set(FailureReason):
        return failure
    detail = "when it was to be prefetched, before its URL expired"
    return msgspec.structs.replace(failure, reason=FailureReason(image.lost), detail=detail)
