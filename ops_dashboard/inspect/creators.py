"""Creators by name, with their open windows. Edge (DynamoDB).

Finding a creator by its exact name is one read. There is no index of names: a listing or a search
scans `batch-id-index`, whose entries (creators, windows and tallies, 100 to 200 bytes each) are a
small part of the table, and then reads the creators of the page. A page scans at most `MAX_READS`
MB of the index: 2,560 read units, 0.0003 USD. 100,000 creators with 10 windows each are about
200 MB, so a search that finds nothing takes ten pages.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.cursors import read_cursor, write_cursor
from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.items import Item, decoding, to_wire, whole
from stream_ingest.contracts import table
from stream_ingest.contracts.creators import CreatorCase, candidates, creator_of
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.formats import FORMAT
from stream_ingest.contracts.identity import FINGERPRINT_BYTES
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.contracts.timestamps import from_epoch_ms, from_epoch_s
from stream_ingest.windowing.rules.deadlines import deadlines
from stream_ingest.windowing.rules.state import OpenWindow, decode_body

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGE = 50
MAX_READS = 20
"""Maximum number of scan requests, of 1 MB each, for one page."""


class CreatorEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A creator in a listing."""

    creator: str
    key: str
    """The creator in keys and window ids (`naming.creator_key`)."""
    display_name: str = ""
    """How the creator's first row spelled its name; empty if that is `creator`."""
    open_images: int
    """Images in open windows."""
    last_batch: str


class CreatorPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some creators of a listing; `next` is the cursor of the next page, None on the last."""

    creators: list[CreatorEntry]
    next: str | None = None


class OpenWindowView(msgspec.Struct, frozen=True, kw_only=True):
    """An open window: `images` of `size`, of which some may be prefetched or lost."""

    images: int
    prefetched: int
    lost: int
    size: int
    settings: BatchSettings
    batch_id: str
    """The batch of its latest row."""
    trigger: str
    oldest_cover_at: datetime
    """`created_at` of its oldest cover."""
    touched_at: datetime
    """When its latest row arrived."""
    closes_at: datetime | None
    """When it will be closed at the latest if no row arrives; None if it waits until it is full."""
    closes_because: str | None
    """``batch-end`` if it closes with its batch, else ``idle``, ``expiring`` or None."""


class CreatorView(msgspec.Struct, frozen=True, kw_only=True):
    """One creator; its windows are `WindowPages.list_page(WindowFilter(creator=…))`."""

    creator: str
    key: str
    display_name: str = ""
    """As in `CreatorEntry`."""
    windows_closed: int
    known_images: int
    """Size of the dedup memory: images that would be refused as duplicates."""
    open_images: int
    open: list[OpenWindowView]
    """One for each window configuration, the fullest first."""
    last_batch: str
    erased_at: datetime | None = None
    """When the creator was last erased."""
    is_blocked: bool = False
    """Whether every later row of the creator is refused."""


class CreatorReader:
    """Finds creators in one stack's table."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        *,
        prefetch: bool = False,
        creator_case: CreatorCase = CreatorCase.KEEP,
    ) -> None:
        """Read one stack's table; `prefetch`: whether expiring covers are prefetched."""
        self._table = TableReader(dynamodb, table_name)
        self._case = creator_case
        self._prefetch = prefetch

    def find(self, spelling: str) -> CreatorView | None:
        """Return the creator with a spelling, read consistently; None if there is none."""
        for name in candidates(spelling, self._case):
            if item := self._table.get(creator_key(name), table.STATE):
                return self._state(item)
        return None

    def list_page(
        self,
        prefix: str = "",
        *,
        limit: int = PAGE,
        after: str | None = None,
        anywhere: bool = False,
    ) -> CreatorPage:
        """Return creators whose names begin with `prefix`, in any spelling or in lower case.

        With `anywhere`, those whose names contain it; that reads as much.

        Creators are sorted within a page but not across pages. A page may have fewer than `limit`
        creators, or none, and still have a next page. Raises `UserError` for an invalid cursor.
        """
        start = read_cursor(after, {"creators"}).get("creators")
        found: list[Item] = []
        for _ in range(MAX_READS):
            items, start = self._scan(prefix, start, anywhere=anywhere)
            found += items
            if start is None or len(found) >= limit:
                break
        if len(found) > limit:
            start = {name: found[limit - 1][name] for name in ("batch_id", *_KEY)}
        states = self._table.full_items(found[:limit], _READ)  # without their image lists
        page = sorted(map(_entry, states), key=lambda each: each.creator)
        return CreatorPage(creators=page, next=write_cursor({"creators": start}) if start else None)

    def other_names(self, name: str) -> list[str]:
        """Return the names of other creators that are spellings of `name`.

        Only earlier versions stored such creators, or another `creatorCase`. Scans the index.
        """
        found: list[str] = []
        start = None
        while True:
            items, start = self._scan("", start)
            names = (str(item["creator"]) for item in items)
            found += [each for each in names if creator_of(each, self._case) == name != each]
            if start is None:
                return found

    def _state(self, item: Item) -> CreatorView:
        """Return the view of a state; raises `UnreadableItemError`."""
        with decoding(item):
            windows, *_ = decode_body(bytes(item["body"]))
            views = [open_window(window, prefetch=self._prefetch) for window in windows.values()]
            return CreatorView(
                creator=item["creator"],
                display_name=item.get("display_name", ""),
                key=item[table.PARTITION_KEY],
                windows_closed=int(item["next_window"]) - 1,
                known_images=sum(
                    len(bytes(page)) // FINGERPRINT_BYTES for page in item["seen"].values()
                ),
                open_images=int(item["open_images"]),
                open=sorted(views, key=lambda each: each.images, reverse=True),
                last_batch=item.get("batch_id", ""),
                erased_at=from_epoch_s(int(item["erased_at"])) if "erased_at" in item else None,
                is_blocked=bool(item.get("is_blocked")),
            )

    def _scan(
        self, prefix: str, start: dict[str, str] | None, *, anywhere: bool = False
    ) -> tuple[list[Item], dict[str, str] | None]:
        condition, values = "#item = :state", {":state": table.STATE}
        if prefix:
            stored = creator_of(prefix, self._case)
            prefixes = dict.fromkeys((prefix, prefix.lower(), stored, stored.lower()))
            values |= {f":p{number}": each for number, each in enumerate(prefixes)}
            has = "contains" if anywhere else "begins_with"
            either = [f"{has}(creator, :p{number})" for number in range(len(prefixes))]
            condition += f" AND ({' OR '.join(either)})"
        return self._table.scan(
            IndexName=table.BATCH_INDEX,
            FilterExpression=condition,
            ProjectionExpression="creator_name, #item, batch_id, creator",
            ExpressionAttributeNames={"#item": table.SORT_KEY},
            ExpressionAttributeValues=to_wire(values),
            **({"ExclusiveStartKey": to_wire(start)} if start else {}),
        )


_KEY = (table.PARTITION_KEY, table.SORT_KEY)
_READ = ("creator", "display_name", "open_images", "batch_id", FORMAT)
"""Attributes of a state that an entry is made of."""


def _entry(item: Item) -> CreatorEntry:
    """Return a creator's entry; one whose state cannot be read hides no other."""
    key = item[table.PARTITION_KEY]
    last_batch = str(item.get("batch_id", ""))
    try:
        with decoding(item):
            return CreatorEntry(
                creator=str(item["creator"]),
                display_name=str(item.get("display_name", "")),
                key=key,
                open_images=whole(item["open_images"]),
                last_batch=last_batch,
            )
    except UnreadableItemError:
        return CreatorEntry(creator=key, key=key, open_images=0, last_batch=last_batch)


def open_window(window: OpenWindow, *, prefetch: bool) -> OpenWindowView:
    """Return the view of an open window. Pure."""
    moments = deadlines(window, prefetch=prefetch)
    because = min(moments, key=moments.__getitem__, default=None)
    return OpenWindowView(
        images=len(window.images),
        prefetched=sum(image.prefetched is not None for image in window.images),
        lost=sum(image.lost is not None for image in window.images),
        size=window.settings.images_per_window,
        settings=window.settings,
        batch_id=window.batch_id,
        trigger=window.trigger,
        oldest_cover_at=from_epoch_ms(min(image.created_at_ms for image in window.images)),
        touched_at=from_epoch_s(window.touched_at),
        closes_at=None if because is None else from_epoch_s(moments[because]),
        closes_because="batch-end" if window.ending else because,
    )
