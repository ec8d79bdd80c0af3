"""Two creators with everything that the pipeline stores about them, for the tests of erasure."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from collage_lambda.lease import ClaimRefusal, Lease, WindowLeases
from collage_lambda.originals.image_pack import PackWriter
from collage_lambda.originals.scrub import originals_scrubber
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.outcomes import WindowEnd
from collage_lambda.output.keys import keys_of
from collage_lambda.prefetch.cover_pack import CoverPacker
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.scrub import cover_scrubber
from ops_dashboard.erase.bucket import Bucket
from ops_dashboard.erase.creator_items import CreatorItems
from ops_dashboard.erase.creator_runs import CreatorRuns
from ops_dashboard.erase.erasure import Erasure
from ops_dashboard.erase.stored_files import StoredFiles
from ops_dashboard.erase.subject import Subject
from ops_dashboard.recovery.runs.store import RunStore
from stream_ingest.aws.items import Item, from_wire
from stream_ingest.batches.registry import Totals
from stream_ingest.batches.results.sheet import Sheet
from stream_ingest.contracts import table
from stream_ingest.contracts.events import PrefetchedCover, WindowReady
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.naming import window_id
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import CoverRow, RefusalReason, RowRefusal
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.fold import Arrival, fold
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.prefetch import ExpiringCover, Fetched, record_fetched
from tests.fakes.collage.shared_packs import store_shares
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP, IngestAws
from tests.fakes.ingest.fold import RULES
from tests.fakes.ingest.rows import NOW_S, cover_row, cover_url, header, record_of
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.ops.erased_runs import store_runs
from tests.fakes.ops.stored_texts import item_text, unpacked

ANN, BOB = "ann.erase_me", "bob"
PACK = "prefetched/2026/11/06/120000-abc.zip"
FIRST, SECOND = header("first", images=2), header("second", images=2)
ERASE_S = NOW_S + 1_000
SHARED = 4
"""Number of the window of each whose originals are in one pack."""


class NoDeadLetters:
    """Has no dead letters."""

    def work(self, *, remove: bool) -> dict[str, int]:  # noqa: ARG002 - the interface
        return {}


class EraseBench:
    """A table, versioned outputs, and two creators in the same batches."""

    def __init__(self, aws: IngestAws) -> None:
        self.aws = aws
        self.aws.clock.now_s = NOW_S
        aws.s3.put_bucket_versioning(Bucket=OUTPUT, VersioningConfiguration={"Status": "Enabled"})
        self.names: dict[str, set[str]] = {ANN: set(), BOB: set()}
        windows = {window_id(name, SHARED): f"bytes of {name}".encode() for name in (ANN, BOB)}
        self.shares = store_shares(aws.s3, TEMP, windows)
        for batch in (FIRST, SECOND):
            aws.registry.register(batch)
        for index, creator in enumerate((ANN, BOB)):
            numbers = range(100 * index, 100 * index + 5)
            self.fold(creator, numbers, FIRST)
            self.fold(creator, range(numbers.stop, numbers.stop + 3), SECOND)
            for number in range(1, 5):
                self.build(creator, number)
        for batch in (FIRST, SECOND):
            aws.registry.record_totals(batch.batch_id, Totals(rows_sent=16), sent=True)
        self.prefetched = self.prefetch()
        self.store_documents()
        store_runs(RunStore(aws.dynamodb, TABLE, self.now), self.now(), (ANN, BOB))
        aws.clock.now_s = ERASE_S

    def fold(self, creator: str, numbers: range, batch: BatchHeader, arrived_at_s: int = 0) -> None:
        """Fold covers of one creator."""
        rows = [
            Arrival(batch, number, cover_row(number, creator), arrived_at_s) for number in numbers
        ]
        self.names.setdefault(creator, set()).update(
            image_identity(cover_url(number)) for number in numbers
        )
        self.commit(creator, rows)

    def commit(self, creator: str, rows: list[Arrival]) -> None:
        """Commit rows of one creator."""
        before = self.aws.store.load([creator])[creator]
        now_s = int(self.aws.clock())
        self.aws.store.commit(before, fold(before, rows, now_s, RULES), now_s)

    def event(self, creator: str, number: int) -> WindowReady:
        """Return a window's event, as the table has it."""
        item = self.aws.item(creator, table.images_item(number))
        assert item is not None
        return expand_event(bytes(item["detail"]))

    def claim(
        self, event: WindowReady, replay: str | None = None, lease_s: float = 60
    ) -> Lease | ClaimRefusal:
        """Claim a window as a worker does."""
        leases = WindowLeases(self.aws.dynamodb, TABLE, self.aws.clock)
        return leases.claim(event, replay=replay, owner="worker", lease_s=lease_s)

    def build(self, creator: str, number: int) -> None:
        """Publish a window's objects, twice, and end it."""
        event = self.event(creator, number)
        lease = self.claim(event)
        assert isinstance(lease, Lease)
        for version in range(2):
            self.publish(event, version)
        keys, share = keys_of(event), self.shares.get(event.window_id)
        end = WindowEnd(
            status=WindowStatus.COMPLETED,
            images_ok=2,
            images_failed=0,
            failures={},
            completed_at="2026-11-06T12:00:00+00:00",
            duration_ms=1,
            collage_key=keys.collage,
            thumbnail_key=keys.thumbnail,
            metadata_key=keys.metadata,
            originals_key=share.key if share else keys.originals,
        )
        WindowLeases(self.aws.dynamodb, TABLE, self.aws.clock).finish(lease, end)

    def publish(self, event: WindowReady, version: int = 0) -> None:
        """Put every object of a window."""
        keys = keys_of(event)
        body = f"{version} ".encode() + msgspec.json.encode(event)
        for key in (keys.collage, keys.by_creator, keys.thumbnail, keys.metadata):
            self.aws.s3.put_object(Bucket=OUTPUT, Key=key, Body=body)
        images_key = f"processing/windows/{event.window_id.replace(':', '/')}.json"
        own = () if event.window_id in self.shares else (keys.originals,)
        for key in (*own, f"{keys.failures}/000.json", images_key):
            self.aws.s3.put_object(Bucket=TEMP, Key=key, Body=body)

    def prefetch(self) -> dict[str, PrefetchedCover]:
        """Store one pack with the open image of each creator, and record it in the states."""
        now_s = int(self.aws.clock())
        packs = PackStore(self.aws.s3, TEMP, self.aws.dynamodb, TABLE)
        with CoverPacker(now_s, 50 * 86_400) as packer, PackWriter() as writer:
            for index, creator in enumerate((ANN, BOB)):
                self.fold(creator, range(300 + index, 301 + index), SECOND)
                state = self.aws.store.load([creator])[creator]
                ((key, window),) = state.open.items()
                cover = ExpiringCover(creator=creator, window=key, image=window.images[0])
                packer.add_cover([cover], cover.image.url, f"bytes of {creator}".encode())
            index = packer.write(writer)
            assert packs.put(PACK, writer.seal(index))
        packs.register(PACK, range(len(index.members)), index.until)
        for creator, fetched in index.fetched(PACK).items():
            self.record(creator, fetched)
        return {name: each[0].prefetched for name, each in index.fetched(PACK).items()}  # type: ignore[misc] # all were fetched

    def record(self, creator: str, fetched: list[Fetched]) -> None:
        """Record prefetched covers in a creator's state."""
        state = self.aws.store.load([creator])[creator]
        after, _ = record_fetched(state, fetched, int(self.aws.clock()))
        self.aws.store.commit(state, Change(state=after), int(self.aws.clock()))

    def store_documents(self) -> None:
        """Store every kind of document about several creators."""
        s3 = self.aws.s3
        refusals = [
            RowRefusal(reason=RefusalReason.EXPIRED, creator=name, cover="c", created_at="d")
            for name in (ANN, BOB)
        ]
        RefusedRows(s3, OUTPUT, "first").store(refusals)
        text = io.StringIO(newline="")
        sheet = Sheet(text)
        for item in self.aws.registry.windows("first"):
            sheet.add(item)
        s3.put_object(
            Bucket=OUTPUT,
            Key="results/first.csv",
            Body=text.getvalue().encode(),
            Metadata={"started-at": "x", "note": "y"},
        )
        rows = [cover_row(900, ANN), cover_row(901, BOB)]
        self.names[ANN].add(rows[0].identity)
        data = _data(rows)
        poison = {"sequence": "1", "reason": "r", "data": data}
        alone = {"sequence": "2", "reason": "r", "data": _data(rows[:1])}
        batch = {
            "payload": msgspec.json.encode({"Records": [{"kinesis": {"data": data}}]}).decode()
        }
        for key, document in (
            ("failed/records/2026/11/06/1.json", poison),
            ("failed/records/2026/11/06/2.json", alone),
            ("aws/lambda/uuid/shard/1.json", batch),
        ):
            s3.put_object(Bucket=OUTPUT, Key=key, Body=msgspec.json.encode(document))

    def now(self) -> datetime:
        """Return the time of the bench."""
        return from_epoch_s(int(self.aws.clock()))

    def erasure(
        self,
        wrap: Callable[[Any, str], Any] = lambda client, _: client,
        sleep: Callable[[float], None] | None = None,
        creator: str = ANN,
    ) -> Erasure:
        """Return an erasure; `wrap` replaces the clients that it uses."""
        s3, dynamodb = wrap(self.aws.s3, "s3"), wrap(self.aws.dynamodb, "dynamodb")
        who, temp = Subject(creator), TempStore(s3, TEMP)
        return Erasure(
            who=who,
            items=CreatorItems(dynamodb, TABLE, who, self.aws.clock),
            files=StoredFiles(
                who=who,
                output=Bucket(s3, OUTPUT),
                temp=Bucket(s3, TEMP),
                covers=cover_scrubber(temp, PackStore(s3, TEMP, dynamodb, TABLE)),
                originals=originals_scrubber(temp),
                threads=InlineExecutor(),
            ),
            dead_letters=NoDeadLetters(),  # type: ignore[arg-type] # moto's queues are tested apart
            runs=CreatorRuns(who, RunStore(dynamodb, TABLE, self.now)),
            inputs=None,
            clock=self.aws.clock,
            sleep=sleep or self.aws.clock.advance,
            say=lambda _: None,
        )

    def everything(self) -> dict[str, bytes]:
        """Return all that is stored, by place, unpacked so that any text in it can be found."""
        stored = {
            f"{key['creator_name']}/{key['item']}": item_text(key)
            for key in map(from_wire, self.aws.snapshot())
        }
        for bucket in (OUTPUT, TEMP):
            for version in Bucket(self.aws.s3, bucket).versions():
                place = f"{bucket}/{version.key}@{version.id}"
                document = None if version.is_marker else Bucket(self.aws.s3, bucket).read(version)
                stored[place] = version.key.encode() + unpacked(document.body if document else b"")
        return stored

    def bars(self) -> dict[str, Item]:
        """Return what bars image lists, by place."""
        items = map(from_wire, self.aws.snapshot())
        return {
            f"{item[table.PARTITION_KEY]}/{item[table.SORT_KEY]}": item
            for item in items
            if table.BARRED in item
        }

    def places_of(self, creator: str) -> set[str]:
        """Return where a creator's name or an image of its is found, besides `bars`."""
        texts = {creator.encode(), *(name.encode() for name in self.names[creator])}
        texts |= {f"bytes of {creator}".encode()}
        bars = self.bars()
        return {
            place
            for place, content in self.everything().items()
            if place not in bars
            and any(text in content or text in place.encode() for text in texts)
        }


def _data(rows: list[CoverRow]) -> str:
    """Return a record of rows of several creators, as Lambda delivers it."""
    return base64.b64encode(record_of(rows, FIRST)).decode()
