"""Whether a batch has windows that wait, at the price of one small read. Edge (DynamoDB).

While the collages of a batch are built, the sweeper looks each minute whether all of its windows
have ended. Counting them reads the whole batch in `batch-id-index`: 3,700 read units for 100,000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.batches.window_entries import readable_window
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LOOKED_AT = 100
"""Windows that are read, the latest of all that wait: 4 read units."""


def is_among_waiting(dynamodb: DynamoDBClient, table_name: str, batch_id: str) -> bool:
    """Return whether one of the latest windows that wait is a batch's, by an index that may lag.

    False says nothing: other batches may have later windows that wait.
    """
    with map_errors(f"query {table.STATUS_INDEX}"):
        answer = dynamodb.query(
            TableName=table_name,
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :ready",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":ready": str(table.WindowStatus.READY)}),
            ScanIndexForward=False,
            Limit=LOOKED_AT,
        )
    entries = map(from_wire, answer["Items"])
    return any(
        entry.get("batch_id") == batch_id
        and table.index_status(readable_window(entry)) == table.WAITING
        for entry in entries
    )
