"""Upload links and what was signed by them, in the table `photos`. Edge (DynamoDB).

The count of a link is changed by conditional updates of one item, so its limits hold however many
requests run at once. What is counted and then fails is counted still: a limit is never exceeded,
and a file that is signed again takes its reservation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rendition_lambda.links.link_item import (
    KEPT_S,
    PARTITION,
    Link,
    Reservation,
    is_link,
    link_from,
    link_key_of,
    reservation_from,
    reservation_key_of,
)
from rendition_lambda.links.terms import Terms
from rendition_lambda.photo_item import PARTITION_KEY, TTL_ATTRIBUTE
from rendition_lambda.uploading.signed import PartsUpload
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts.errors import ConflictError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NAMES = {"#files": "files", "#bytes": "bytes"}
_ROOM = "#files < :max_files AND #bytes <= :room AND attribute_not_exists(revoked_at)"
_EXISTS = f"attribute_exists({PARTITION_KEY})"
_NEW = f"attribute_not_exists({PARTITION_KEY})"


class LinkTable:
    """Reads and writes links and their reservations."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Use a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name

    def create(self, terms: Terms, created_at: str) -> None:
        """Write the item of a new link; raises `ConflictError` if there is one."""
        link = Link(
            id=terms.id,
            folder=terms.gallery,
            link_expires_at=terms.expires_at,
            max_files=terms.max_files,
            max_bytes=terms.max_bytes,
            created_at=created_at,
        )
        facts = msgspec.to_builtins(link) | {"files": 0, "bytes": 0}
        del facts["id"]
        self._put(link_key_of(terms.id), facts, terms.expires_at, _NEW)

    def load(self, id_: str) -> Link | None:
        """Return a link as it is now, None if it does not exist."""
        item = self._get(link_key_of(id_))
        return link_from(item) if item else None

    def list(self) -> list[Link]:
        """Return all links whose items still exist, the newest first."""
        items = query_items(
            self._dynamodb,
            "list the links",
            TableName=self._table,
            KeyConditionExpression=f"{PARTITION_KEY} = :links",
            ExpressionAttributeValues=to_wire({":links": PARTITION}),
        )
        links = [link_from(item) for item in items if is_link(item)]
        return sorted(links, key=lambda link: link.created_at, reverse=True)

    def revoke(self, id_: str, now: str) -> bool:
        """Have a link sign nothing more; return False if there is none. Safe to call again."""
        try:
            with map_errors(f"revoke the link {id_}"):
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_wire(link_key_of(id_)),
                    UpdateExpression="SET revoked_at = if_not_exists(revoked_at, :now)",
                    ConditionExpression=_EXISTS,
                    ExpressionAttributeValues=to_wire({":now": now}),
                )
        except ConflictError:
            return False
        return True

    def reservation(self, terms: Terms, key: str) -> Reservation | None:
        """Return the reservation of a file, None if it was not signed yet."""
        item = self._get(reservation_key_of(terms.id, key))
        return reservation_from(item) if item else None

    def count(self, terms: Terms, files: int, added_bytes: int) -> bool:
        """Count files within the limits of a link; return False if they do not fit."""
        try:
            with map_errors(f"count an upload of link {terms.id}"):
                self._add(
                    terms,
                    files,
                    added_bytes,
                    ConditionExpression=_ROOM if files else _ROOM.replace("<", "<=", 1),
                    limits={":max_files": terms.max_files, ":room": terms.max_bytes - added_bytes},
                )
        except ConflictError:
            return False
        return True

    def reserve(self, terms: Terms, key: str, size: int) -> bool:
        """Record a file that was counted; return False, and count it no more, if it was before."""
        try:
            facts = {"key": key, "bytes": size}
            self._put(reservation_key_of(terms.id, key), facts, terms.expires_at, _NEW)
        except ConflictError:
            self._uncount(terms, 1, size)
            return False
        return True

    def enlarge(self, terms: Terms, key: str, reserved: Reservation, size: int) -> None:
        """Record the larger size of a file, whose difference was counted."""
        with map_errors(f"record the size of {key}"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(reservation_key_of(terms.id, key)),
                UpdateExpression="SET #bytes = :size REMOVE parts",
                ConditionExpression="#bytes = :before",
                ExpressionAttributeNames={"#bytes": "bytes"},
                ExpressionAttributeValues=to_wire({":size": size, ":before": reserved.bytes}),
            )

    def set_parts(self, terms: Terms, key: str, parts: PartsUpload, modified_ms: int) -> None:
        """Record the upload of a reserved file, and when the file was last changed."""
        values = {":parts": msgspec.to_builtins(parts), ":modified": modified_ms}
        self._update(terms, key, "SET parts = :parts, modified_ms = :modified", values)

    def set_stored(self, terms: Terms, key: str, now: str) -> None:
        """Record that the upload of a reserved file was completed. Safe to call again."""
        self._update(terms, key, "SET stored_at = if_not_exists(stored_at, :now)", {":now": now})

    def remove_parts(self, terms: Terms, key: str) -> None:
        """Record that a reserved file has no upload any more."""
        self._update(terms, key, "REMOVE parts", {})

    def _update(self, terms: Terms, key: str, change: str, values: dict[str, Any]) -> None:
        request: dict[str, Any] = {"ExpressionAttributeValues": to_wire(values)} if values else {}
        with map_errors(f"record the upload of {key}"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(reservation_key_of(terms.id, key)),
                UpdateExpression=change,
                ConditionExpression=_EXISTS,
                **request,
            )

    def _uncount(self, terms: Terms, files: int, added_bytes: int) -> None:
        with map_errors(f"count an upload of link {terms.id} once"):
            self._add(terms, -files, -added_bytes, ConditionExpression=_EXISTS, limits={})

    def _add(
        self,
        terms: Terms,
        files: int,
        added_bytes: int,
        *,
        limits: dict[str, int],
        **condition: str,
    ) -> None:
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(link_key_of(terms.id)),
            UpdateExpression="ADD #files :files, #bytes :bytes",
            ExpressionAttributeNames=_NAMES,
            ExpressionAttributeValues=to_wire({":files": files, ":bytes": added_bytes, **limits}),
            **condition,  # type: ignore[arg-type]
        )

    def _get(self, key: dict[str, str]) -> dict[str, Any] | None:
        with map_errors("load a link"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(key), ConsistentRead=True
            )
        return from_wire(answer["Item"]) if "Item" in answer else None

    def _put(
        self, key: dict[str, str], facts: dict[str, Any], expires_at: int, condition: str
    ) -> None:
        with map_errors("write a link"):
            self._dynamodb.put_item(
                TableName=self._table,
                Item=to_wire({**key, **facts, TTL_ATTRIBUTE: expires_at + KEPT_S}),
                ConditionExpression=condition,
            )
