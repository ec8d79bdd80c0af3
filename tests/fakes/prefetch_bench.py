"""The prefetch function's parts on moto's AWS and a real cover server, for one test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import Timing
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.cover_fetcher import CoverFetcher, FetchSummary
from collage_lambda.prefetch.cover_pack import CoverPacker
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.prefetcher import Prefetcher, PrefetchResult
from collage_lambda.prefetch.scrub import cover_scrubber
from stream_ingest.aws.items import from_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.events import CoversExpiring, PrefetchedCover, WindowImage
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import close_due
from stream_ingest.windowing.rules.prefetch import ExpiringCover
from stream_ingest.windowing.rules.state import CreatorState, OpenImage, OpenWindow
from tests.fakes.collage.aws import TABLE, TEMP, CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.collage.pipelines import ImagePipelines
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.fold import put_open_window

PACK = "prefetched/2026/11/06/120000-abc.zip"
SOON_S = 3_600
LIFE_S = 50 * DAY_S
LIMITS = FetchLimits(
    max_bytes=200_000,
    attempt_s=1.0,
    read_s=1.0,
    retry=RetryPolicy(attempts=2, base_s=0.001, cap_s=0.001),
)


class HookedFetcher(CoverFetcher):
    """Fetches, then lets something happen while its process still holds what it read before."""

    then: Callable[[], object] = staticmethod(lambda: None)

    def fetch(
        self, covers: Sequence[ExpiringCover], packer: CoverPacker, fetch_s: float
    ) -> FetchSummary:
        """Fetch, then let `then` happen once."""
        summary = super().fetch(covers, packer, fetch_s)
        then, self.then = self.then, lambda: None
        then()
        return summary


class PrefetchBench:
    """Prefetchers, creators with open windows, and what is prefetched of them."""

    def __init__(self, aws: CollageAws, server: CoverServer, pipelines: ImagePipelines) -> None:
        self.aws, self.server, self.clock = aws, server, Clock()
        self._pipelines, self._threads = pipelines, pipelines.threads
        self.allowed = frozenset({server.source})
        self.limits = LIMITS
        self.store = CreatorRepository(aws.dynamodb, TABLE, prefetch=True)
        self.temp = TempStore(aws.s3, TEMP)
        self.pack_store = PackStore(aws.s3, TEMP, aws.dynamodb, TABLE)
        for number in range(9):
            server.bodies[f"{number}"] = plain_jpeg((20 * number, 90, 30), side=60 + number)

    def cover_fetcher(self) -> HookedFetcher:
        """Return the real cover_fetcher, but for limits that suit a test."""
        downloads = DownloadSettings(
            allowed=self.allowed, at_once=64, at_once_per_host=40, limits=self.limits
        )
        return HookedFetcher(self._pipelines.open(downloads, Timing(now_s=self.clock)))

    def prefetcher(
        self,
        *,
        then: Callable[[], object] | None = None,
        store: CreatorRepository | None = None,
        pack_store: PackStore | None = None,
    ) -> Prefetcher:
        """Return a prefetcher; `then` happens between its cover_fetcher and its pack."""
        cover_fetcher = self.cover_fetcher()
        if then is not None:
            cover_fetcher.then = then  # type: ignore[method-assign]
        return Prefetcher(
            creators=store or self.store,
            pack_store=pack_store or self.pack_store,
            temp=self.temp,
            cover_fetcher=cover_fetcher,
            scrubber=cover_scrubber(self.temp, pack_store or self.pack_store),
            threads=self._threads,
            clock=self.clock,
            life_s=LIFE_S,
        )

    def prefetch(self, *creators: str, pack: str = PACK, remaining_s: float = 60) -> PrefetchResult:
        """Let a prefetcher bring an event to its end."""
        return self.prefetcher().prefetch(self.event(*creators, pack=pack), remaining_s)

    @staticmethod
    def event(*creators: str, pack: str = PACK) -> CoversExpiring:
        """Return the event that requests creators' covers."""
        return CoversExpiring(pack=pack, creators=creators, covers=1)

    def url(self, path: str, life_s: int = SOON_S) -> str:
        """Return the URL of a cover that dies after `life_s`."""
        mark = "&" if "?" in path else "?"
        return f"{self.server.url(path)}{mark}x-expires={int(self.clock()) + life_s}"

    def put(self, creator: str, *paths: str, life_s: int = SOON_S) -> CreatorState:
        """Put covers of the server into a creator's open window."""
        return self.put_urls(creator, *(self.url(path, life_s) for path in paths))

    def put_urls(self, creator: str, *urls: str) -> CreatorState:
        """Put covers into a creator's open window."""
        return put_open_window(self.store, creator, urls, int(self.clock()))

    def state(self, creator: str) -> CreatorState:
        """Return a creator's state as it is in the table."""
        key = creator_key(creator)
        return self.store.load([key])[key]

    def window(self, creator: str) -> OpenWindow:
        """Return a creator's one open window."""
        (window,) = self.state(creator).open.values()
        return window

    def images(self, creator: str) -> tuple[OpenImage, ...]:
        """Return the images of a creator's one open window."""
        return self.window(creator).images

    def close(self, creator: str) -> tuple[WindowImage, ...]:
        """Close a creator's one open window, as idle; return its images."""
        state, now_s = self.state(creator), int(self.clock())
        change = close_due(state, now_s + 30 * DAY_S, prefetch=True)
        self.store.commit(state, change, now_s)
        return change.windows[0].images

    def prefetched(self, *creators: str) -> list[PrefetchedCover | None]:
        """Return the prefetched covers of creators' open windows, None for images without."""
        return [image.prefetched for name in creators for image in self.images(name)]

    def bytes_of(self, prefetched: PrefetchedCover) -> bytes:
        """Return a prefetched cover's bytes, read by their range as a collage does it."""
        last = prefetched.offset + prefetched.length - 1
        answer = self.aws.s3.get_object(
            Bucket=TEMP, Key=prefetched.pack, Range=f"bytes={prefetched.offset}-{last}"
        )
        return answer["Body"].read()

    def packs(self) -> list[str]:
        """Return the keys of all packs."""
        return [key for key in self.aws.stored(TEMP) if key.startswith("prefetched/")]

    def items(self) -> dict[str, set[int]]:
        """Return the members that windows still need, by pack."""
        found: list[dict[str, Any]] = [
            from_wire(item) for item in self.aws.dynamodb.scan(TableName=TABLE)["Items"]
        ]
        return {
            item[table.PARTITION_KEY].removeprefix("prefetched#"): {
                int(member) for member in item.get("waiting", ())
            }
            for item in found
            if item[table.SORT_KEY] == table.PREFETCHED
        }
