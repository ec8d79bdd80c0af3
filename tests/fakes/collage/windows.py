"""Windows of downloads over the session of one process, in a network of one server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import Body, Fetcher, Timing
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.process_downloads import ProcessDownloads
from collage_lambda.download.resolver import Lookup
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.reasons import Failure
from stream_ingest.contracts.settings import DownloadLimits
from tests.fakes.collage.network import PUBLIC, Names
from tests.fakes.collage.raw_answers import BODY

ONE_TRY = FetchLimits(max_bytes=1_000_000, attempt_s=20, read_s=10, retry=RetryPolicy(attempts=1))
"""So that every image fails for which a retry would be needed."""
SETTINGS = DownloadSettings(allowed=frozenset(), at_once=64, at_once_per_host=40, limits=ONE_TRY)


GOOD = Body(data=BODY, attempts=1)


class Clocks:
    """Both clocks of a process; a frozen one only sees the wall clock go on."""

    now_s: float = 1_800_000_000
    monotonic_s: float = 1_000

    def timing(self) -> Timing:
        """Return clocks that stand still between two changes."""
        return Timing(now_s=lambda: self.now_s, monotonic_s=lambda: self.monotonic_s)


class Windows:
    """Downloads windows one after the other, as one process does."""

    def __init__(
        self, lookup: Lookup | None = None, scheme: str = "http", **limits: object
    ) -> None:
        self.clocks, self.scheme = Clocks(), scheme
        self.lookup = lookup or Names(cdn_test=[[PUBLIC]], other_test=[[PUBLIC]])
        settings = msgspec.structs.replace(
            SETTINGS, limits=msgspec.structs.replace(ONE_TRY, **limits)
        )
        self.downloads = ProcessDownloads(settings, self.lookup, self.clocks.timing())

    def url(self, path: str, host: str = "cdn.test") -> str:
        return path if "://" in path else f"{self.scheme}://{host}{path}"

    def fetch(self, *paths: str, wanted: DownloadLimits | None = None) -> list[Body | Failure]:
        """Fetch the URLs of one window at once."""
        return self.downloads.run(self.window(paths, wanted))

    async def window(
        self, paths: Iterable[str], wanted: DownloadLimits | None = None
    ) -> list[Body | Failure]:
        """Fetch URLs at once, each with a budget of its own."""
        async with self.downloads.fetcher(wanted) as fetcher, asyncio.TaskGroup() as group:
            tasks = [group.create_task(_one(fetcher, self.url(path))) for path in paths]
        return [task.result() for task in tasks]

    def close(self) -> None:
        self.downloads.close()


OpenWindows = Callable[..., Windows]
"""Opens windows over a lookup and with limits; a test's end closes them."""


async def _one(fetcher: Fetcher, url: str) -> Body | Failure:
    async with fetcher.new_budget() as budget:
        return await fetcher.fetch(url, budget)
