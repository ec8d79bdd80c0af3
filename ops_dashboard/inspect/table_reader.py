"""Reading items, queries and scans of the table. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.dynamodb import MAX_BATCH_KEYS, BatchGet
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


_KEY = (table.PARTITION_KEY, table.SORT_KEY)


class TableReader:
    """Reads one stack's table. Safe to share between threads."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read with a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name
        self._batch_get = BatchGet(dynamodb, table_name)

    def get(self, key: str, sort_key: str) -> Item | None:
        """Return one item, read consistently; None if there is none."""
        with map_errors("read an item"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire({table.PARTITION_KEY: key, table.SORT_KEY: sort_key}),
                ConsistentRead=True,
            )
        return from_wire(answer["Item"]) if "Item" in answer else None

    def query(self, **request: Any) -> Iterator[Item]:  # noqa: ANN401 - boto's own arguments
        """Yield the items of a query; each page is requested when it is needed."""
        return query_items(self._dynamodb, "query the table", TableName=self._table, **request)

    def scan(self, **request: Any) -> tuple[list[Item], Item | None]:  # noqa: ANN401 - boto's own arguments
        """Return one page of a scan (at most 1 MB read) and where the next one starts."""
        with map_errors("scan the table"):
            answer = self._dynamodb.scan(TableName=self._table, **request)
        after = answer.get("LastEvaluatedKey")
        return list(map(from_wire, answer["Items"])), from_wire(after) if after else None

    def full_items(self, entries: Iterable[Item], attributes: Sequence[str] = ()) -> Iterator[Item]:
        """Yield the full items of index entries, in their order; skip those that no longer exist.

        Costs half a read unit per 4 KB of item; a request reads up to 100 items. With `attributes`
        only these and the keys are sent, which costs as much but is faster.
        """
        chosen = tuple(dict.fromkeys((*_KEY, *attributes))) if attributes else ()
        entries = iter(entries)
        while part := list(islice(entries, MAX_BATCH_KEYS)):
            keys = {_key_of(each) for each in part}
            items = self._batch_get.items(keys, "read items", attributes=chosen)
            found = {_key_of(item): item for item in items}
            yield from (found[_key_of(each)] for each in part if _key_of(each) in found)


def _key_of(item: Item) -> tuple[str, str]:
    return item[table.PARTITION_KEY], item[table.SORT_KEY]
