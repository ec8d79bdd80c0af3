"""The mark of a MySQL table: up to where its rows have been pushed. Edge (DynamoDB).

It is stored in the stack's table, so everybody who pushes the same MySQL table shares it. What it
means is in `marks`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.formats import check_format
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.push.marks import KeyMark, Mark
from stream_ingest.sources.mysql.address import MySqlAddress

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


_ATTRIBUTES = frozenset({"until", "by_batch", "timezone", "keys"})


class PushWatermark:
    """The stored mark of one MySQL table."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, address: MySqlAddress, source: str
    ) -> None:
        """Use the mark of table `source` of the database at `address`, for any user."""
        self._dynamodb, self._table = dynamodb, table_name
        place = creator_key(f"{address.place}/{source}")
        self._key = {table.PARTITION_KEY: f"push#{place}", table.SORT_KEY: table.LAST_PUSH}

    def load(self) -> Mark | None:
        """Return the mark, or None if no push has set it yet.

        Raises `DecodeError` for a mark that a newer release wrote in a way of its own.
        """
        item = self._item()
        return _mark(item) if item else None

    def _item(self) -> Item:
        with map_errors("read the push watermark"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(self._key), ConsistentRead=True
            )
        return from_wire(answer.get("Item", {}))

    def advance(
        self,
        until: datetime,
        batch_id: str,
        keys: tuple[KeyMark, ...] = (),
        timezone: str | None = None,
    ) -> None:
        """Store the end of a push that succeeded; the mark never moves backwards.

        Other pushes may move it at the same time: what they have stored is never lost.
        """
        while True:
            item = self._item()
            current = _mark(item) if item else None
            new = Mark(until=until, keys=keys, timezone=timezone)
            mark = current.advanced(until, keys, timezone) if current else new
            if mark == current or self._replace(item, mark, batch_id):
                return

    def _replace(self, current: Item, mark: Mark, batch_id: str) -> bool:
        """Store the mark; return False if its item is no longer `current`.

        Attributes that a newer release has added are kept.
        """
        others = {name: value for name, value in current.items() if name not in _ATTRIBUTES}
        own = {**self._key, "until": _text(mark.until), "by_batch": batch_id}
        item: Item = {**others, **own}
        if mark.timezone:
            item["timezone"] = mark.timezone
        if mark.keys:
            item["keys"] = [f"{int(key.at.timestamp())}:{key.key}" for key in mark.keys]
        condition: dict[str, Any] = (
            {
                "ConditionExpression": "#until = :until",
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": to_wire({":until": current["until"]}),
            }
            if current
            else {"ConditionExpression": "attribute_not_exists(creator_name)"}
        )
        try:
            with map_errors("store the push watermark"):
                self._dynamodb.put_item(TableName=self._table, Item=to_wire(item), **condition)
        except ConflictError:
            return False
        return True


def _mark(item: Item) -> Mark:
    check_format(item)
    pairs = (text.split(":") for text in item.get("keys", ()))
    keys = tuple(KeyMark(from_epoch_s(int(at)), int(key)) for at, key in pairs)
    until = datetime.fromisoformat(item["until"])
    return Mark(until=until, keys=keys, timezone=item.get("timezone"))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()  # sorts as text
