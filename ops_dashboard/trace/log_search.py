"""Log lines by a query of Logs Insights. Edge (network)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ops_dashboard.trace.timeline import LogLine, is_metric_line, log_line
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.plain_errors import plain_error
from stream_ingest.contracts.errors import TransientError

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

_POLL_S = 0.5
_TIMEOUT_S = 60.0
_RUNNING = frozenset({"Scheduled", "Running", "Unknown"})


class LogSearch:
    """Searches log groups."""

    def __init__(self, logs: CloudWatchLogsClient) -> None:
        """Search with a low-level client."""
        self._logs = logs

    def lines(
        self, groups: Sequence[str], query: str, begins: datetime, ends: datetime
    ) -> tuple[list[LogLine], str | None]:
        """Return the lines that a query finds, or none and why they could not be read."""
        try:
            with map_errors("query Logs Insights"):
                started = self._logs.start_query(
                    logGroupNames=list(groups),
                    startTime=int(begins.timestamp()),
                    endTime=int(ends.timestamp()),
                    queryString=query,
                )
            return self._results(started["queryId"]), None
        except ClientError as error:
            return [], str(plain_error(error))
        except TransientError as error:
            return [], str(error)

    def _results(self, query_id: str) -> list[LogLine]:
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            with map_errors("query Logs Insights"):
                answer = self._logs.get_query_results(queryId=query_id)
            if answer["status"] not in _RUNNING:
                break
            if time.monotonic() > deadline:
                msg = f"Logs Insights did not answer within {_TIMEOUT_S:.0f} s"
                raise TransientError(msg)
            time.sleep(_POLL_S)
        if answer["status"] != "Complete":
            msg = f"Logs Insights: the query ended as {answer['status']}"
            raise TransientError(msg)
        rows = [{each["field"]: each["value"] for each in row} for row in answer["results"]]
        # A metric line also has the ids, but is no step.
        lines = (row for row in rows if not is_metric_line(row["@message"]))
        return [log_line(row["@message"], row["@timestamp"]) for row in lines]
