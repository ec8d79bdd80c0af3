"""The AWS of the ingest tests: moto's table and buckets, a fake bus, the parts built on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.store import ResultStore
from stream_ingest.contracts import table
from stream_ingest.contracts.events import Source
from stream_ingest.windowing import wiring
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.poison.attempts import Attempts
from stream_ingest.windowing.poison.isolation import IsolatedFolding
from stream_ingest.windowing.poison.quarantine import Quarantine
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules
from stream_ingest.windowing.settings import WindowingSettings
from stream_ingest.windowing.stream_processor import StreamProcessor
from stream_ingest.windowing.sweeper import wiring as sweeper_wiring
from stream_ingest.windowing.sweeper.sweeper import Sweeper
from stream_ingest.windowing.unreadable.deferred_rows import DeferredRows
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.fakes.ingest.bus import FakeBus
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.lambda_variables import lambda_variables
from tests.fakes.quick_moto import make_quick

make_quick()

Clients = dict[str, Any]
"""boto3 clients by the name of their service."""

TABLE, BUS, OUTPUT, TEMP = "coverstream-test", "coverstream-test", "output", "temp"
MAX_WRITES = 25
"""Maximum number of items in one BatchWriteItem."""

SETTINGS = WindowingSettings.from_env(
    lambda_variables(table=TABLE, bus=BUS, output=OUTPUT, temp=TEMP)
)


def _index(name: str, hash_key: str, range_key: str, *attributes: str) -> Any:  # noqa: ANN401 - boto's TypedDict
    projection: dict[str, object] = {"ProjectionType": "KEYS_ONLY"}
    if attributes:
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(attributes)}
    return {
        "IndexName": name,
        "KeySchema": _keys(hash_key, range_key),
        "Projection": projection,
    }


def _keys(hash_key: str, range_key: str) -> Any:  # noqa: ANN401 - as above
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def create_table(dynamodb: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Create the table with the keys and indexes that `stream_ingest.contracts.table` names."""
    kinds = dict.fromkeys(
        (
            table.PARTITION_KEY,
            table.SORT_KEY,
            "batch_id",
            "status",
            "processing_date",
            "due_shard",
        ),
        "S",
    ) | {"due_at": "N"}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()
        ],
        KeySchema=_keys(table.PARTITION_KEY, table.SORT_KEY),
        GlobalSecondaryIndexes=[
            _index(table.BATCH_INDEX, "batch_id", table.SORT_KEY, *table.BATCH_INDEX_ATTRIBUTES),
            _index(table.STATUS_INDEX, "status", table.CLOSED_AT, *table.STATUS_INDEX_ATTRIBUTES),
            _index(table.DUE_INDEX, "due_shard", "due_at"),
        ],
    )


class IngestAws:
    """Clients, a clock, and the windowing parts wired to them, for one test."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.dynamodb, self.s3 = clients["dynamodb"], clients["s3"]
        create_table(self.dynamodb)
        for bucket in (OUTPUT, TEMP):
            self.s3.create_bucket(Bucket=bucket)
        self.clock = Clock()
        self.bus = FakeBus()
        self.threads = InlineExecutor()
        self.store = CreatorRepository(self.dynamodb, TABLE)
        self.registry = BatchRegistry(self.dynamodb, TABLE, self.clock)

    def emitter(self, source: Source = Source.WINDOWING) -> Emitter:
        """Return an emitter onto the fake bus."""
        return Emitter(
            events=self.bus,  # type: ignore[arg-type]
            dynamodb=self.dynamodb,
            s3=self.s3,
            bus=BUS,
            table_name=TABLE,
            temp_bucket=TEMP,
            source=source,
            threads=self.threads,
            clock=self.clock,
        )

    def app(self, store: CreatorRepository | None = None) -> wiring.App:
        """Return the stream processor's app, on a store of the test's own if one is given."""
        app = wiring.build(SETTINGS, self._wired(), self.clock, self.threads)
        return replace(app, processor=self.windowing(store)) if store else app

    def sweeper_app(self, start_files: Callable[[], tuple[str, ...]] = tuple) -> sweeper_wiring.App:
        """Return the sweeper's app."""
        return sweeper_wiring.build(SETTINGS, self._wired(), self.clock, self.threads, start_files)

    def _wired(self) -> wiring.Clients:
        return wiring.Clients(dynamodb=self.dynamodb, events=self.bus, s3=self.s3)  # type: ignore[arg-type]  # a fake bus

    def windowing(self, store: CreatorRepository | None = None) -> StreamProcessor:
        """Return the windowing, on a store of the test's own if one is given."""
        store = store or self.store
        return StreamProcessor(
            store=store,
            folding=self.folding(store),
            isolated=IsolatedFolding(store, self.folding(store), self.clock),
            attempts=Attempts(self.s3, TEMP, self.clock),
            unreadable=UnreadableList(self.dynamodb, TABLE, self.clock),
            emitter=self.emitter(),
            registry=self.registry,
            quarantine=Quarantine(self.s3, OUTPUT),
            threads=self.threads,
        )

    def folding(self, store: CreatorRepository) -> CreatorFolding:
        """Return what folds the rows of one creator."""
        unreadable = UnreadableList(self.dynamodb, TABLE, self.clock)
        deferred = DeferredRows(self.dynamodb, TABLE, unreadable, self.clock)
        return CreatorFolding(store, deferred, Rules(), self.clock)

    def sweeper(self, store: CreatorRepository | None = None) -> Sweeper:
        """Return the sweeper."""
        store = store or self.store
        return Sweeper(
            store=store,
            folding=self.folding(store),
            emitter=self.emitter(Source.SWEEPER),
            registry=self.registry,
            reports=Reports(self.registry, ResultStore(self.s3, OUTPUT), self.clock),
            dynamodb=self.dynamodb,
            table_name=TABLE,
            threads=self.threads,
            clock=self.clock,
            delivery_s=SETTINGS.delivery_s,
        )

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the whole table as it is on the wire, in the order of its keys."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=TABLE)["Items"]
        return sorted(items, key=lambda item: (item["creator_name"]["S"], item["item"]["S"]))

    def restore(self, items: list[dict[str, Any]]) -> None:
        """Store the items of a snapshot."""
        for start in range(0, len(items), MAX_WRITES):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + MAX_WRITES]]
            answer = self.dynamodb.batch_write_item(RequestItems={TABLE: puts})
            assert not answer["UnprocessedItems"]

    def item(self, partition: str, sort: str) -> dict[str, Any] | None:
        """Return one item's plain values."""
        key = to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort})
        answer = self.dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
        return from_wire(answer["Item"]) if "Item" in answer else None

    def set_item(self, partition: str, sort: str, **values: object) -> None:
        """Set attributes of an item, as another part of the pipeline does."""
        names = {f"#{index}": name for index, name in enumerate(values)}
        self.dynamodb.update_item(
            TableName=TABLE,
            Key=to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort}),
            UpdateExpression="SET " + ", ".join(f"{name} = :{name[1:]}" for name in names),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=to_wire(
                {f":{name[1:]}": values[names[name]] for name in names}
            ),
        )

    def remove_attributes(self, partition: str, sort: str, *names: str) -> None:
        """Remove attributes of an item, as an older version did not write them."""
        self.dynamodb.update_item(
            TableName=TABLE,
            Key=to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort}),
            UpdateExpression="REMOVE " + ", ".join(names),
        )

    def restore_table(self) -> None:
        """Put the items into a new table of the same name, as a restore does."""
        items = self.dynamodb.scan(TableName=TABLE)["Items"]
        self.dynamodb.delete_table(TableName=TABLE)
        create_table(self.dynamodb)
        for item in items:
            self.dynamodb.put_item(TableName=TABLE, Item=item)

    def keys_in(self, bucket: str) -> list[str]:
        """Return the keys of a bucket's objects."""
        listed = self.s3.list_objects_v2(Bucket=bucket)
        return [item["Key"] for item in listed.get("Contents", [])]

    def read(self, bucket: str, key: str) -> bytes:
        """Return an object's bytes."""
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def end_windows(self, status: str = "completed") -> None:
        """Do what the collage Lambda does to every window that is queued."""
        for item in map(from_wire, self.snapshot()):
            is_window = item[table.SORT_KEY].startswith("window#")
            if is_window and table.window_status(item) == "queued":
                self.set_item(
                    item[table.PARTITION_KEY],
                    item[table.SORT_KEY],
                    status=status,
                    images_ok=item["image_count"],
                    images_failed=0,
                )


class FailingStore(CreatorRepository):
    """The real store, but `fault_hook` may raise before each load and commit."""

    def __init__(self, aws: IngestAws, fault_hook: Callable[[str, str], None]) -> None:
        super().__init__(aws.dynamodb, TABLE)
        self._fault_hook = fault_hook

    def commit(self, before: Any, change: Any, now_s: int) -> None:  # noqa: ANN401 - as in the store
        """Call the hook, then commit."""
        self._fault_hook("commit", before.creator)
        super().commit(before, change, now_s)


def body_of(record: bytes) -> object:
    """Return JSON that was stored."""
    return msgspec.json.decode(record)
