"""Lambda: messages of the intake's queue become batches of the stream. Edge."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from stream_ingest.intake import wiring

PAUSE_SHARE = 0.3
"""Share of an invocation's time that is kept for the chunk under way and for what comes after."""


@wiring.logger().inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take each message; report those that have to come again."""
    left_s = context.get_remaining_time_in_millis() / 1_000
    ends_at = time.time() + left_s
    pause_at = ends_at - PAUSE_SHARE * left_s
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if not wiring.desk().take(record, pause_at=pause_at, ends_at=ends_at)
    ]
    return {"batchItemFailures": failed}
