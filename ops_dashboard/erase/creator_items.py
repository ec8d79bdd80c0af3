"""A creator's items in the table: found, made unusable, removed. Edge (DynamoDB).

A window's status item goes first, in one transaction with a note of its objects beside its image
list. From then on no worker can claim the window, because its creator is marked as erased, and a
run that was interrupted still finds the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ops_dashboard.erase.subject import Subject
from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.naming import ERASED_CREATOR, creator_key
from stream_ingest.windowing.repository import MAX_COMMITS, CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.erasure import erase, unblock
from stream_ingest.windowing.rules.numbering import first_window
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.table_numbering import TableNumbering
from stream_ingest.windowing.window_items import barred_list, may_come_back

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NOTE = "erased_keys"
"""Keys of a window's objects, beside its image list while the creator is being erased."""
_WINDOW, _IMAGES = "window#", "images#"
_KEYS = ("collage_key", "thumbnail_key", "metadata_key", "originals_key")
_COUNTS = ("accepted", "duplicates", "windows", "blocked")


class CreatorItems:
    """The items of one creator in one stack's table."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        who: Subject,
        clock: Callable[[], float],
        *,
        has_tallies: bool = True,
    ) -> None:
        """`clock` gives epoch seconds.

        `has_tallies` is whether the creator may have counts in items of batches, which a scan
        finds: False for one that had rows in one batch only.
        """
        self._has_tallies = has_tallies
        self._dynamodb, self._table_name, self._who = dynamodb, table_name, who
        self._clock = clock
        self._reader = TableReader(dynamodb, table_name)
        self._states = CreatorRepository(dynamodb, table_name)

    def state(self) -> CreatorState:
        """Return the creator's state; a new one, of version 0, if there is none."""
        return self._states.load([self._who.key])[self._who.key]

    def mark_erased(self, *, block: bool) -> CreatorState:
        """Empty the creator's state in one write, and return what remains.

        Rows that are already in the stream, and windows that are already closed, are refused from
        now on, and so are image lists of windows before the state's next one.
        """
        numbering = TableNumbering(self._dynamodb, self._table_name, self._clock)
        first = first_window(numbering.facts(), numbering.read())
        return self._update(
            lambda state, now_s: erase(state, now_s, block=block, first_window=first)
        )

    def unblock(self) -> CreatorState:
        """Accept later rows of the creator again."""
        return self._update(unblock)

    def _update(self, decide: Callable[[CreatorState, int], Change | None]) -> CreatorState:
        update = self._states.update(self.state(), decide, self._clock)
        if update.lost:
            msg = f"mark {self._who.key}: {MAX_COMMITS} write conflicts in a row; run this again"
            raise TransientError(msg)
        return update.after

    def items(self, before: int | None) -> Iterator[Item]:
        """Yield all items but the state, read consistently; of windows only those before a number.

        Without a number, yields the items of all windows. What bars an image list is left out.
        """
        for item in self._reader.query(
            KeyConditionExpression="creator_name = :key",
            ExpressionAttributeValues=to_wire({":key": self._who.key}),
            ConsistentRead=True,
        ):
            number = window_number(item)
            if item[table.SORT_KEY] == table.STATE or _is_bar(item):
                continue
            if before is None or number is None or number < before:
                yield item

    def remove_window(self, item: Item) -> bool:
        """Remove a window's status item, noting its objects; False if a worker has its lease."""
        sort_key = str(item[table.SORT_KEY])
        keys = sorted(recorded_keys(item))
        actions: list[Any] = [
            {
                "Delete": {
                    **self._item(self._who.key, sort_key),
                    "ConditionExpression": "attribute_not_exists(lease_until)"
                    " OR lease_until < :now",
                    "ExpressionAttributeValues": to_wire({":now": int(self._clock())}),
                }
            },
            {
                "Update": {
                    **self._item(self._who.key, sort_key.replace(_WINDOW, _IMAGES)),
                    "UpdateExpression": f"SET {_NOTE} = :keys",
                    "ExpressionAttributeValues": to_wire({":keys": keys}),
                }
            },
        ]
        batch = str(item.get("batch_id", ""))
        if batch and self._reader.get(table.batch_partition(batch), table.BATCH):
            actions.append(
                {
                    "Update": {
                        **self._item(table.batch_partition(batch), table.BATCH),
                        "UpdateExpression": "ADD erased :one",
                        "ConditionExpression": "attribute_exists(creator_name)",
                        "ExpressionAttributeValues": to_wire({":one": 1}),
                    }
                }
            )
        return self._transact(f"remove {item.get('window_id', sort_key)}", actions)

    def remove(self, item: Item) -> None:
        """Remove another item of the creator; safe to repeat.

        The key of an image list stays taken for as long as a late writer might store it again.
        """
        sort_key, number, now_s = str(item[table.SORT_KEY]), window_number(item), int(self._clock())
        with map_errors(f"remove an item of {self._who.key}"):
            if number is not None and may_come_back(item, now_s):
                bar = barred_list(self._who.key, number, now_s)
                self._dynamodb.put_item(TableName=self._table_name, Item=to_wire(bar))
            else:
                self._dynamodb.delete_item(**self._item(self._who.key, sort_key))

    def tallies(self) -> Iterator[Item]:
        """Yield the creator's counts in the items of batches, from a scan of `batch-id-index`."""
        start: Item | None = None
        while self._has_tallies:
            found, start = self._reader.scan(
                IndexName=table.BATCH_INDEX,
                FilterExpression="#item = :tally",
                ExpressionAttributeNames={"#item": table.SORT_KEY},
                ExpressionAttributeValues=to_wire({":tally": table.tally_item(self._who.key)}),
                **({"ExclusiveStartKey": to_wire(start)} if start else {}),
            )
            for entry in found:
                item = self._reader.get(entry[table.PARTITION_KEY], entry[table.SORT_KEY])
                if item is not None:
                    yield item
            if start is None:
                return

    def move_tally(self, item: Item) -> bool:
        """Add a creator's counts in a batch to those of erased creators; False if they changed."""
        partition = str(item[table.PARTITION_KEY])
        counts = {name: int(item.get(name, 0)) for name in _COUNTS}
        present = {name: count for name, count in counts.items() if name in item}
        values = {f":{name}": count for name, count in present.items()}
        actions: list[Any] = [
            {
                "Delete": {
                    **self._item(partition, str(item[table.SORT_KEY])),
                    "ConditionExpression": " AND ".join(
                        ["attribute_exists(creator_name)"]
                        + [f"#{name} = :{name}" for name in present]
                    ),
                    "ExpressionAttributeNames": {f"#{name}": name for name in present},
                    "ExpressionAttributeValues": to_wire(values),
                }
            },
            {
                "Update": {
                    **self._item(partition, table.tally_item(creator_key(ERASED_CREATOR))),
                    "UpdateExpression": "SET batch_id = :batch, creator = :creator,"
                    " expires_at = :expires ADD "
                    + ", ".join(f"#{name} :{name}" for name in present),
                    "ExpressionAttributeNames": {f"#{name}": name for name in present},
                    "ExpressionAttributeValues": to_wire(
                        {
                            **values,
                            ":batch": item["batch_id"],
                            ":creator": ERASED_CREATOR,
                            ":expires": item[table.TTL_ATTRIBUTE],
                        }
                    ),
                }
            },
        ]
        return self._transact(f"move counts of {partition}", actions)

    def _transact(self, doing: str, actions: list[Any]) -> bool:
        try:
            with map_errors(doing):
                self._dynamodb.transact_write_items(TransactItems=actions)
        except ConflictError:
            return False
        return True

    def _item(self, partition: str, sort_key: str) -> dict[str, Any]:
        key = to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort_key})
        return {"TableName": self._table_name, "Key": key}


def _is_bar(item: Item) -> bool:
    return table.BARRED in item and _NOTE not in item


def is_window(item: Item) -> bool:
    """Return whether an item is a window's status item. Pure."""
    return str(item[table.SORT_KEY]).startswith(_WINDOW)


def window_number(item: Item) -> int | None:
    """Return the number of the window that an item belongs to, None for other items. Pure."""
    kind, _, number = str(item[table.SORT_KEY]).partition("#")
    return int(number) if f"{kind}#" in {_WINDOW, _IMAGES} and number.isdigit() else None


def recorded_keys(item: Item) -> set[str]:
    """Return the keys of objects that an item names. Pure."""
    own = {str(item[name]) for name in _KEYS if item.get(name)}
    return own | {str(key) for key in item.get(_NOTE, ())}
