"""Finds the name under which a creator is stored, whatever its spelling. Edge (DynamoDB).

Creators that were stored before spellings were one (or under another `creatorCase`) keep their
names: a spelling that is stored exactly as written is that creator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.creators import CreatorCase, candidates
from stream_ingest.contracts.naming import creator_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class StoredNames:
    """The names of creators in one stack's table."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        creator_case: CreatorCase = CreatorCase.KEEP,
    ) -> None:
        """Read one stack's table; `creator_case` is the stack's."""
        self._table = TableReader(dynamodb, table_name)
        self._case = creator_case

    def find(self, spelling: str) -> str | None:
        """Return the name of the creator with this spelling; None if nothing of it is stored."""
        names = candidates(spelling, self._case)
        return next((name for name in names if self._has_items(name)), None)

    def name_of(self, spelling: str) -> str:
        """Return as `find`, or the name that the spelling would have."""
        return self.find(spelling) or (candidates(spelling, self._case) or (spelling,))[-1]

    def _has_items(self, name: str) -> bool:
        """Return whether a creator has a state, or a window that was replayed."""
        found = self._table.query(
            KeyConditionExpression="creator_name = :key",
            ExpressionAttributeValues=to_wire({":key": creator_key(name)}),
            ProjectionExpression=table.PARTITION_KEY,
            Limit=1,
        )
        return next(found, None) is not None
