"""A creator's item stays below DynamoDB's 400 KB, whatever its rows are: the table refuses more.

The table here is `FakeDynamoDb`, which refuses items over 400 KB and transactions over 4 MB.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import msgspec
import pytest

from stream_ingest.aws.items import from_wire
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import BatchSettings, CollageLayout
from stream_ingest.contracts.watermarks import MAX_WATERMARKS
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import MAX_FALLBACKS, MAX_URL_LENGTH, CoverRow
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.dedup import MAX_FINGERPRINTS
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.item_budget import (
    MAX_BODY_BYTES,
    MAX_MEMBERS,
    MAX_PACKS,
    max_row_bytes,
    newest_packs,
    newest_watermarks,
)
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.prefetch import Fetched, record_fetched
from stream_ingest.windowing.rules.state import CreatorState, RecordedPack, Watermark, encode_body
from tests.fakes.ingest.aws import TABLE, create_table
from tests.fakes.ingest.rows import NOW_S
from tests.faults.harness.aws.dynamodb import FakeDynamoDb

NAME = "ü" * 64
"""128 bytes, and three times as many in its key."""
_ANY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_FULL_MEMORY = {"2026-11": random.Random(1).randbytes(8 * MAX_FINGERPRINTS)}  # noqa: S311 - rows, not secrets


class History:
    """One creator's rows, folded and written to a table with DynamoDB's limits."""

    def __init__(self, state: CreatorState) -> None:
        self.dynamodb = FakeDynamoDb()
        create_table(self.dynamodb)
        self.store = CreatorRepository(self.dynamodb, TABLE)  # type: ignore[arg-type]
        self.state = msgspec.structs.replace(state, version=0)
        self._commit(Change(state=self.state))

    def deliver(self, rows: Sequence[Arrival]) -> None:
        done = 0
        while done < len(rows):
            change = fold(self.state, rows[done:], NOW_S, Rules())
            assert change.taken
            assert len(encode_body(change.state)) <= MAX_BODY_BYTES
            self._commit(change)
            done += change.taken

    def prefetch_everything(self) -> None:
        """Note every cover as prefetched, each in a pack of its own."""
        chance = random.Random(2)  # noqa: S311 - rows, not secrets
        fetched = [
            Fetched(window=key, identity=image.known_as, prefetched=_prefetched(chance))
            for key, window in self.state.open.items()
            for image in window.images
        ]
        self._commit(Change(state=record_fetched(self.state, fetched, NOW_S)[0]))

    def closed(self) -> list[list[str]]:
        """Return what is in each window that was closed, by number."""
        items = map(from_wire, self.dynamodb.items.values())
        events = [expand_event(bytes(item["detail"])) for item in items if "detail" in item]
        events.sort(key=lambda event: event.window_id)
        return [[image.identity for image in event.images] for event in events]

    def _commit(self, change: Change) -> None:
        self.store.commit(self.state, change, NOW_S)
        version = self.state.version + 1
        self.state = msgspec.structs.replace(change.state, version=version)


def _prefetched(chance: random.Random) -> PrefetchedCover:
    return PrefetchedCover(
        pack=f"prefetched/2026/11/{chance.randint(10, 30)}/{chance.randint(100_000, 235_959)}"
        f"-{chance.getrandbits(64):016x}.zip",
        member=chance.randrange(100),
        offset=chance.randrange(1 << 32),
        length=chance.randrange(1, 1 << 24),
        sha256=chance.randbytes(32).hex(),
        until=NOW_S + chance.randrange(1 << 24),
    )


def _header(number: int, images: int = 400) -> BatchHeader:
    layout = CollageLayout(rows=20, cols=20, quality=50 + number)
    settings = BatchSettings(layout=layout, images_per_window=images)
    return BatchHeader(batch_id=f"batch-{number}", trigger="mysql-push", settings=settings)


def _random_url(chance: random.Random, length: int, letters: str = _ANY) -> str:
    head = f"https://{chance.getrandbits(64):016x}.b/"
    return head + "".join(chance.choices(letters, k=length - len(head)))


def _rows(
    count: int, urls: int, length: int, batches: int, letters: str = _ANY
) -> Iterator[Arrival]:
    """Yield rows of random URLs, batch after batch in turn: nothing in them compresses."""
    chance = random.Random(3)  # noqa: S311 - rows, not secrets
    headers = [_header(number) for number in range(batches)]
    for number in range(count):
        first, *others = (_random_url(chance, length, letters) for _ in range(urls))
        row = CoverRow(
            creator=NAME,
            url=first,
            fallbacks=tuple(others),
            identity=image_identity(first),
            created_at_ms=1_790_000_000_000 + number,
        )
        yield Arrival(headers[number % batches], number // batches, row)


@pytest.mark.parametrize(
    ("count", "urls", "length", "batches", "letters"),
    [
        (500, 4, 1_024, 1, _ANY),
        (500, 4, 1_024, 6, _ANY),
        (900, 1, 40, 90, _ANY),
        (60, 1 + MAX_FALLBACKS, MAX_URL_LENGTH, 2, "".join(map(chr, range(0x4E00, 0x9E00)))),
    ],
    ids=["one window", "six settings", "ninety settings", "longest, beyond ASCII"],
)
def test_no_item_passes_400_kb_and_no_row_is_lost_or_doubled(
    count: int, urls: int, length: int, batches: int, letters: str
) -> None:
    """With a full dedup memory, and though every cover comes to be prefetched in a pack of its
    own."""
    history = History(CreatorState(creator=NAME, seen=_FULL_MEMORY))
    rows = list(_rows(count, urls, length, batches, letters))
    for start in range(0, count, 70):
        history.deliver(rows[max(0, start - 9) : start + 70])
        prefetched = History(history.state)
        prefetched.prefetch_everything()
    waiting = [image.known_as for window in history.state.open.values() for image in window.images]
    closed = [identity for window in history.closed() for identity in window]
    assert sorted(closed + waiting) == sorted(arrival.row.identity for arrival in rows)
    assert history.state.open_images == len(waiting)
    History(CreatorState(creator=NAME, seen=_FULL_MEMORY)).deliver(rows)


def test_a_window_of_long_urls_closes_when_the_item_budget_is_used_up() -> None:
    history = History(CreatorState(creator=NAME))
    rows = list(_rows(120, 4, 1_024, 1))
    history.deliver(rows)
    first = history.closed()[0]
    assert first == [arrival.row.identity for arrival in rows[: len(first)]]
    assert 35 < len(first) < 60


def test_the_largest_window_is_closed_and_not_the_others() -> None:
    """It is counted as of the batch whose row needed the room."""
    history = History(CreatorState(creator=NAME))
    heavy = [msgspec.structs.replace(each, batch=_header(0)) for each in _rows(40, 4, 1_024, 1)]
    light = [
        msgspec.structs.replace(each, batch=_header(1), position=number)
        for number, each in enumerate(_rows(90, 1, 300, 1, _ANY[:60]))
    ]
    history.deliver(heavy)
    assert history.closed() == []
    history.deliver(light)
    assert history.closed() == [[arrival.row.identity for arrival in heavy]]
    (window,) = history.state.open.values()
    assert len(window.images) == 90
    assert history.state.tally.windows == 1
    assert history.state.batch_id == "batch-1"


def test_four_hundred_covers_as_tiktok_signs_them_fill_their_window() -> None:
    """The rule is for extreme rows: usual covers fit, prefetched ones included."""
    chance = random.Random(4)  # noqa: S311 - rows, not secrets
    rows = []
    for number in range(399):
        name = f"tos-maliva-p-0068/{chance.getrandbits(128):032x}"
        urls = [
            f"https://p{host}-sign-va.tiktokcdn.com/{name}~tplv-tiktokx-360p.jpeg"
            f"?lk3s={chance.getrandbits(32):08x}&x-expires={NOW_S + 90_000}"
            f"&x-signature={chance.getrandbits(160):040x}&shp=81f88b70&idc=maliva"
            for host in (16, 19, 77, 9)
        ]
        row = CoverRow(
            creator=NAME,
            url=urls[0],
            fallbacks=tuple(urls[1:]),
            identity=name,
            created_at_ms=NOW_S * 1_000,
        )
        rows.append(Arrival(_header(0), number, row))
    history = History(CreatorState(creator=NAME, seen=_FULL_MEMORY))
    history.deliver(rows)
    assert history.closed() == []
    history.prefetch_everything()


def test_only_the_newest_watermarks_are_stored() -> None:
    """A thousand batches within nine days, of one creator."""
    marks = {f"batch-{age}": Watermark(age, NOW_S - age) for age in range(MAX_WATERMARKS)}
    assert newest_watermarks(marks) is marks
    one_more = {"older": Watermark(1, NOW_S - MAX_WATERMARKS), **marks}
    assert newest_watermarks(one_more) == marks
    state = CreatorState(creator=NAME, watermarks=marks)
    (arrival,) = _rows(1, 1, 300, 1)
    change = fold(state, [msgspec.structs.replace(arrival, batch=_header(7, 2))], NOW_S, Rules())
    assert len(change.state.watermarks) == MAX_WATERMARKS


def test_a_row_is_weighed_by_bytes_however_many_a_character_takes() -> None:
    (plain,) = _rows(1, 2, 300, 1)
    (wide,) = _rows(1, 2, 300, 1, "字")
    for arrival in (plain, wide):
        row = arrival.row
        texts = (row.url, row.identity, *row.fallbacks)
        assert max_row_bytes(row) >= sum(len(text.encode()) for text in texts)


def test_only_the_latest_packs_are_stored() -> None:
    noted = {f"pack-{age}": RecordedPack((1,), NOW_S - age, NOW_S) for age in range(MAX_PACKS + 1)}
    assert newest_packs(noted).keys() == noted.keys() - {f"pack-{MAX_PACKS}"}
    large = {f"pack-{age}": RecordedPack(tuple(range(900)), NOW_S - age, NOW_S) for age in range(9)}
    assert list(newest_packs(large)) == [f"pack-{age}" for age in range(MAX_MEMBERS // 900)]
    assert newest_packs({"one": RecordedPack(tuple(range(2 * MAX_MEMBERS)), NOW_S, NOW_S)})


def test_recorded_packs_reduce_the_budget_of_windows() -> None:
    """It is remembered for a day, when the windows that took it are closed."""
    noted = {f"prefetched/{n:060d}.zip": RecordedPack((n,), NOW_S, NOW_S) for n in range(MAX_PACKS)}
    rows = list(_rows(60, 4, 1_024, 1))
    sizes = []
    for state in (CreatorState(creator=NAME), CreatorState(creator=NAME, recorded=noted)):
        history = History(state)
        history.deliver(rows)
        sizes.append(len(history.closed()[0]))
    assert sizes[1] < sizes[0]
