"""Images that several creators have, counted by the stack. Edge (DynamoDB).

A process remembers who has which image (`duplicates.CreatorsOfImages`). Only images that repeat,
within a creator or across creators, are counted in the table: an item per sha256 with the creators,
as hashes. So an image of one creator causes no write, and a placeholder no more than a few in each
process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from collage_lambda.assembly.duplicates import CREATORS, CreatorsOfImages
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import DAY_S

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NOT_RECOGNISED = "attribute_not_exists(recognised_at)"


class Placeholders:
    """Recognises images that `CREATORS` creators have, once for the whole stack."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        *,
        horizon_days: int,
        clock: Callable[[], float],
    ) -> None:
        """Count creators in the table for `horizon_days`; `clock` gives epoch seconds."""
        self._dynamodb, self._table = dynamodb, table_name
        self._life_s, self._clock = horizon_days * DAY_S, clock
        self._seen = CreatorsOfImages()

    def record(self, creator: str, sha256s: Iterable[str], repeated: Iterable[str]) -> list[str]:
        """Record a creator's images; return those that the stack now recognises.

        Images in `repeated` are known to be in more than one cell of the creator. If the table is
        unavailable, an image is counted when it is seen again.
        """
        digest = hashlib.sha256(creator_key(creator).encode()).hexdigest()[:16]
        recognised = []
        for sha256, creators in self._seen.record(digest, sha256s, repeated).items():
            try:
                is_recognised = self._count(sha256, creators)
            except TransientError:
                continue  # a suspicion may wait, the window may not
            self._seen.mark_counted(sha256, creators)
            if is_recognised:
                recognised.append(sha256)
        return recognised

    def _count(self, sha256: str, creators: set[str]) -> bool:
        """Add creators to an image; return whether it is now recognised by this call."""
        expires_at = int(self._clock()) + self._life_s
        try:
            found = self._update(
                sha256,
                "ADD creators :creators SET expires_at = :expires",
                {":creators": creators, ":expires": expires_at},
            )
            if len(found["creators"]) < CREATORS:
                return False
            self._update(sha256, "SET recognised_at = :now", {":now": int(self._clock())})
        except ConflictError:
            self._seen.settle(sha256)  # it was recognised before
            return False
        self._seen.settle(sha256)
        return True

    def _update(self, sha256: str, update: str, values: dict[str, object]) -> dict[str, set[str]]:
        place = {table.PARTITION_KEY: table.content_partition(sha256), table.SORT_KEY: "creators"}
        with map_errors(f"count the creators of image {sha256[:12]}"):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(place),
                UpdateExpression=update,
                ConditionExpression=_NOT_RECOGNISED,
                ExpressionAttributeValues=to_wire(values),
                ReturnValues="ALL_NEW",
            )
        return from_wire(answer["Attributes"])
