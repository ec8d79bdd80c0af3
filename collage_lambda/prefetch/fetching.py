"""Covers at risk become a pack: fetched with a collage's own defences. Edge (HTTP).

Each body is decoded, to the smallest cell, before it is kept: what is no image now will be none in
its collage, and another URL of the cover is tried.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor

import msgspec

from collage_lambda.download.fallbacks import DownloadSettings, download, open_fetcher
from collage_lambda.download.fetch import Fetcher, Surroundings
from collage_lambda.download.resolver import Lookup
from collage_lambda.image.decode import CellSpec
from collage_lambda.image.decoder import Decoder
from collage_lambda.prefetch.cover_pack import CoverPacker
from collage_lambda.reasons import Failure
from stream_ingest.windowing.rules.prefetch import AtRisk, Fetched

_SPEC = CellSpec(cell_px=16, background=(255, 255, 255))


class FetchSummary(msgspec.Struct, kw_only=True):
    """What came of covers that were at risk, but for those in the pack."""

    wanted: int = 0
    lost: dict[str, list[Fetched]] = {}
    """Covers that cannot be had, by creator."""
    bytes_downloaded: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """Number of covers that cannot be had, by reason."""
        return Counter(each.lost for group in self.lost.values() for each in group if each.lost)


class CoverFetching:
    """Fetches covers into packs."""

    def __init__(
        self,
        downloads: DownloadSettings,
        *,
        lookup: Lookup,
        threads: Executor,
        decoder: Decoder,
        surroundings: Surroundings,
    ) -> None:
        """Decode by `decoder` in `threads`."""
        self._downloads, self._lookup = downloads, lookup
        self._threads, self._decoder, self._around = threads, decoder, surroundings

    def run(self, covers: Sequence[AtRisk], packer: CoverPacker, fetch_s: float) -> FetchSummary:
        """Fetch covers, each once however many windows wait for it, for at most `fetch_s` seconds.

        What fails for a reason that may pass, comes too late or finds no room is not noted at all.
        """
        waiting: dict[tuple[str, str], list[AtRisk]] = {}
        for cover in covers:
            waiting.setdefault((cover.creator, cover.image.known_as), []).append(cover)
        summary = FetchSummary(wanted=len(waiting))
        if waiting:
            asyncio.run(self._fetch_all(list(waiting.values()), packer, summary, fetch_s))
        return summary

    async def _fetch_all(
        self,
        waiting: Sequence[list[AtRisk]],
        packer: CoverPacker,
        summary: FetchSummary,
        fetch_s: float,
    ) -> None:
        async with open_fetcher(self._downloads, self._lookup, self._around) as fetcher:
            try:
                async with asyncio.timeout(fetch_s), asyncio.TaskGroup() as group:
                    for same in waiting:
                        group.create_task(self._fetch(fetcher, same, packer, summary))
            except TimeoutError:
                return  # what was late is asked for again

    async def _fetch(
        self, fetcher: Fetcher, same: list[AtRisk], packer: CoverPacker, summary: FetchSummary
    ) -> None:
        image = same[0].image

        async def keep(url: str, data: bytes) -> bool | Failure:
            loop = asyncio.get_running_loop()
            cell = await loop.run_in_executor(self._threads, self._decoder.decode, data, _SPEC)
            if isinstance(cell, Failure):
                return cell
            return packer.keep(same, url, data)

        done = await download(fetcher, (image.url, *image.fallbacks), keep)
        summary.bytes_downloaded += done.bytes
        if isinstance(done.outcome, Failure) and not done.outcome.reason.is_passing:
            for each in same:
                lost = Fetched(
                    window=each.window, identity=image.known_as, lost=str(done.outcome.reason)
                )
                summary.lost.setdefault(each.creator, []).append(lost)
