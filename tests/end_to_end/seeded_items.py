"""The items of a seeded desk, made by the product's own fold, repository and registry. Pure.

`Written` is a client that keeps what is written; thousands of items are put into the table at once
afterwards (`seeded_desk`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from stream_ingest.aws.items import Item, from_wire
from stream_ingest.batches.batch_item import key_of, new_item
from stream_ingest.contracts import table
from stream_ingest.contracts.settings import BatchSettings, CollageLayout
from stream_ingest.contracts.table import WindowStatus, collage_status
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Arrival, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.end_to_end.seeded_plan import CREATORS, IMAGES, SeededBatch
from tests.fakes.ingest.fold import RULES
from tests.fakes.ingest.rows import cover_row

PICTURES = 16
HOSTILE = (
    "<img src=x onerror=alert(1)>\"'</script>",
    "evil\u202egnp.exe",
    "../../etc/passwd",
    '=HYPERLINK("http://x")',
    "x" * 128,
    "\u0645\u0631\u062d\u0628\u0627 \U0001f3f3\ufe0f\u200d\U0001f308",
    "two words & <b>bold</b>",
)
"""Names of the first creators."""
REASONS = ("not_found", "forbidden", "timeout", "server_error", "not_an_image", "expired")
_WAITING = {"building": WindowStatus.QUEUED, "processing": WindowStatus.QUEUED}
_STATUS = {
    **dict.fromkeys(("ended", "all refused", "nothing new"), "ended"),
    "rejected": "rejected",
    "abandoned": "abandoned",
    "ending": "abandoning",
    "sending": "sending",
    "processing": "sent",
    "building": "sent",
}


class Written:
    """Keeps the items that a repository puts, by key. Part of a DynamoDB client."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}

    def put_item(self, **request: Any) -> None:  # noqa: ANN401 - boto's own arguments
        self.put(from_wire(request["Item"]))

    def transact_write_items(self, **request: Any) -> None:  # noqa: ANN401 - as above
        for action in request["TransactItems"]:
            if "Put" in action:
                self.put_item(**action["Put"])
            else:
                update = action["Update"]
                values = from_wire(update["ExpressionAttributeValues"])
                self.put(
                    from_wire(update["Key"])
                    | {name[1:]: value for name, value in values.items() if name != ":batch"}
                    | {"batch_id": values[":batch"], table.TTL_ATTRIBUTE: values[":expires"]}
                )

    def put(self, item: Item) -> None:
        self.items[item[table.PARTITION_KEY], item[table.SORT_KEY]] = item


def creator_at(index: int) -> str:
    """Return the name of a creator."""
    return HOSTILE[index] if index < len(HOSTILE) else f"creator.{index:04d}"


def seeded_items(batches: list[SeededBatch]) -> list[Item]:
    """Return every item: creators, windows with their image lists, tallies and batches."""
    written = Written()
    waiting: Counter[str] = Counter()
    for index, parts in _shares(batches).items():
        waiting.update(_fold(written, creator_at(index), parts))
    of_batch: defaultdict[str, list[Item]] = defaultdict(list)
    for item in written.items.values():
        if item[table.SORT_KEY].startswith("window#"):
            of_batch[item["batch_id"]].append(item)
    for batch in batches:
        windows = of_batch[batch.batch_id]
        for at, window in enumerate(windows):
            window.update(_end(batch, at, len(windows)))
            del window["due_at"], window["due_shard"]
        written.put(_batch_item(batch, len(windows), waiting[batch.batch_id]))
    return list(written.items.values())


def header_of(batch: SeededBatch) -> BatchHeader:
    """Return the header of a batch's records."""
    settings = BatchSettings(
        layout=CollageLayout(rows=3, cols=4, cell_px=100), images_per_window=IMAGES
    )
    return BatchHeader(batch_id=batch.batch_id, trigger=batch.trigger, settings=settings)


def _shares(batches: list[SeededBatch]) -> dict[int, list[SeededBatch]]:
    """Return the batches of each creator's windows, the oldest first."""
    order = [batch for batch in batches for _ in range(batch.windows)]
    shares: defaultdict[int, list[SeededBatch]] = defaultdict(list)
    for at, batch in enumerate(order):
        shares[at % CREATORS].append(batch)
    return {index: parts[::-1] for index, parts in shares.items()}


def _fold(written: Written, creator: str, parts: list[SeededBatch]) -> Iterator[str]:
    """Fold a window of each batch, and two covers of the last one; yield the latter's batch."""
    store = CreatorRepository(written, "any")  # type: ignore[arg-type]  # only writes
    state, number = CreatorState(creator=creator), 0
    for at, batch in enumerate(parts):
        last = at == len(parts) - 1 and len(creator) % 2
        count = IMAGES + (2 if last else 0)
        rows = [
            Arrival(header_of(batch), number + each, cover_row(number + each, creator))
            for each in range(count)
        ]
        number += count
        closed_s = batch.started_s + 30 + number % 60
        change = fold(state, rows, closed_s, RULES)
        store.commit(state, change, closed_s)
        state = msgspec.structs.replace(change.state, version=state.version + 1)
        yield from [batch.batch_id] * (count - IMAGES)


def _end(batch: SeededBatch, at: int, windows: int) -> Item:
    """Return how window `at` of a batch's has ended, as the collage function writes it."""
    if (status := _WAITING.get(batch.story)) and at % 3 == 0:
        return {"status": str(status), "emissions": 1}
    failed = round((at + 1) * IMAGES * batch.failed) - round(at * IMAGES * batch.failed)
    ok, picture = IMAGES - failed, f"{(at + windows) % PICTURES:02d}"
    end: Item = {
        "status": str(collage_status(ok, IMAGES) if ok else WindowStatus.FAILED),
        "images_ok": ok,
        "images_failed": failed,
        "failures": dict(Counter(REASONS[(at + each) % 6] for each in range(failed))),
        "attempts": 1,
        "completed_at": iso_second(from_epoch_s(batch.started_s + 40 + at % 300)),
        "duration_ms": 900 + at % 700,
        "bytes_downloaded": ok * 41_000,
        "request_id": f"{at:08x}-0000-4000-8000-000000000000",
    }
    if ok:
        end["collage_key"] = f"collages/seeded/{picture}.jpg"
        end["thumbnail_key"] = f"thumbnails/seeded/{picture}.jpg"
        end["collage_bytes"] = 30_000 + at
    elif at % 4 == 3:
        end["error"] = "no worker finished it: its message became a dead letter"
    return end


def _batch_item(batch: SeededBatch, windows: int, waiting: int) -> Item:
    accepted = windows * IMAGES + waiting
    refused = sum(batch.refused.values())
    sent = accepted + batch.duplicates
    at = iso_second(from_epoch_s(batch.started_s + 20))
    item: Item = {
        **new_item(header_of(batch), batch.source, (), "seed", batch.started_s),
        **key_of(batch.batch_id),
        "status": _STATUS[batch.story],
        "rows_read": sent + refused,
        "rows_sent": sent,
        "refused": batch.refused,
        "updated_at": at,
    }
    if batch.story == "sending":
        return item | {"rows_read": 9_300, "rows_sent": 9_100, "refused": {"no_url": 200}}
    if batch.story in {"abandoned", "ending"}:
        item |= {"abandoned_at": at, "abandoned_by": "arn:aws:iam::123456789012:user/ann"}
        item |= {"rows_read": sent + refused + 500}
    if batch.story == "ending":
        return item
    item["sent_at"] = at
    if batch.story == "rejected":
        return item | {"rejected": "line 4: created_at is not a date: <script>alert(2)</script>"}
    if batch.story == "processing":
        return item | {"drained": set(range(BUCKETS // 2))}
    counted = {"accepted": accepted, "duplicates": batch.duplicates, "blocked": 0}
    counted |= {"windows": windows, "open_images": waiting, "since": batch.started_s + 60}
    return item | {"drained": set(range(BUCKETS)), "counted": counted, "is_final": True}
