"""Fetch covers that are about to expire, with a collage's own defences. Edge (HTTP).

Each body is decoded, to the smallest cell, before it is stored: what is not an image now will not
be one in its collage either, so another URL of the cover is tried.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from collage_lambda.download.downloader import download_image
from collage_lambda.download.fetch import Fetcher
from collage_lambda.image.decode import CellSpec
from collage_lambda.pipeline import ImagePipeline
from collage_lambda.prefetch.cover_pack import CoverPacker
from collage_lambda.reasons import Failure
from stream_ingest.windowing.rules.prefetch import ExpiringCover, Fetched

_SPEC = CellSpec(cell_px=16, background=(255, 255, 255), simd=False)


class FetchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The result of fetching covers, except for those that went into the pack."""

    wanted: int = 0
    lost: dict[str, list[Fetched]] = {}
    """Covers that failed with a permanent reason, by creator."""
    bytes_downloaded: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """Number of lost covers by reason."""
        return Counter(each.lost for group in self.lost.values() for each in group if each.lost)


class _CoverResult(msgspec.Struct, frozen=True, kw_only=True):
    lost: list[ExpiringCover] = []
    reason: str = ""
    bytes_downloaded: int = 0


class CoverFetcher:
    """Fetches covers into packs."""

    def __init__(self, pipeline: ImagePipeline) -> None:
        """Download and decode by `pipeline`."""
        self._pipeline = pipeline

    def fetch(
        self, covers: Sequence[ExpiringCover], packer: CoverPacker, fetch_s: float
    ) -> FetchSummary:
        """Fetch covers into `packer`, each once, for at most `fetch_s` seconds.

        A cover that two windows need is one download. The summary leaves out covers that fail for a
        passing reason, are late or do not fit into the pack: they stay at risk.
        """
        waiting: dict[tuple[str, str], list[ExpiringCover]] = {}
        for cover in covers:
            waiting.setdefault((cover.creator, cover.image.known_as), []).append(cover)
        downloads = self._pipeline.downloads
        results = (
            downloads.run(self._fetch_all(list(waiting.values()), packer, fetch_s))
            if waiting
            else []
        )
        lost: dict[str, list[Fetched]] = {}
        for result in results:
            for each in result.lost:
                fetched = Fetched(
                    window=each.window, identity=each.image.known_as, lost=result.reason
                )
                lost.setdefault(each.creator, []).append(fetched)
        return FetchSummary(
            wanted=len(waiting),
            lost=lost,
            bytes_downloaded=sum(result.bytes_downloaded for result in results),
        )

    async def _fetch_all(
        self, waiting: Sequence[list[ExpiringCover]], packer: CoverPacker, fetch_s: float
    ) -> list[_CoverResult]:
        tasks = list[asyncio.Task[_CoverResult]]()
        async with self._pipeline.downloads.fetcher() as fetcher:
            try:
                async with asyncio.timeout(fetch_s), asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(self._fetch_cover(fetcher, same, packer))
                        for same in waiting
                    ]
            except TimeoutError:
                pass  # the tasks that it cancelled are the late ones
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None  # which has cancelled the other tasks
        return [task.result() for task in tasks if not task.cancelled()]

    async def _fetch_cover(
        self, fetcher: Fetcher, same: list[ExpiringCover], packer: CoverPacker
    ) -> _CoverResult:
        image = same[0].image
        spec = msgspec.structs.replace(_SPEC, min_side_px=self._pipeline.min_side_px)

        async def decode_and_add(url: str, data: bytes) -> bool | Failure:
            loop = asyncio.get_running_loop()
            decode = self._pipeline.decoder.decode
            cell = await loop.run_in_executor(self._pipeline.threads, decode, data, spec)
            if isinstance(cell, Failure):
                return cell
            return packer.add_cover(same, url, data)

        result = await download_image(fetcher, (image.url, *image.fallbacks), decode_and_add)
        if isinstance(result.outcome, Failure) and not result.outcome.reason.is_passing:
            reason = str(result.outcome.reason)
            return _CoverResult(lost=same, reason=reason, bytes_downloaded=result.bytes)
        return _CoverResult(bytes_downloaded=result.bytes)
