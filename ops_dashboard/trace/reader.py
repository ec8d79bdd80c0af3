"""Reading a window's timeline from the table, the buckets and Logs Insights. Edge (network)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from collage_lambda.output.keys import keys_of
from ops_dashboard.inspect.window_metadata import read_metadata
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.trace.log_search import LogSearch
from ops_dashboard.trace.objects import stored_object
from ops_dashboard.trace.query import log_range, trace_query
from ops_dashboard.trace.timeline import (
    EmptyCell,
    LogLine,
    StoredObject,
    Timeline,
    timeline_steps,
)
from stream_ingest.aws import clients
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def log_groups(outputs: StackOutputs) -> list[str]:
    """Return the log groups of the functions that handle windows."""
    functions = (outputs.windowing_function, outputs.sweeper_function, outputs.collage_function)
    return [f"/aws/lambda/{name}" for name in functions]


class TimelineReader:
    """Reads timelines of windows of one stack."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Read with the session's rights; without rights to the logs there are no log lines."""
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._outputs = outputs
        self._windows = WindowReader(dynamodb, outputs.table_name)
        self._batches = BatchRegistry(dynamodb, outputs.table_name, time.time)
        self._s3: S3Client = session.client("s3", config=clients.CONFIG)
        self._logs = LogSearch(session.client("logs", config=clients.CONFIG))

    def read(self, window_id: str, *, logs: bool = True) -> Timeline | None:
        """Return a window's timeline; None if the table has no such window.

        Without `logs`, it has no log lines, which a query of Logs Insights takes seconds for.
        """
        window = self._windows.find(window_id)
        if window is None:
            return None
        batch = self._batches.load(window.batch_id)
        objects = list(self._objects(window))
        lines, log_error = self._lines(window) if logs else ([], None)
        return Timeline(
            window=window,
            batch=batch,
            steps=timeline_steps(window, batch, objects, lines),
            objects=objects,
            empty_cells=self._empty_cells(window),
            log_lines=len(lines),
            log_error=log_error,
            query=trace_query(window_id),
            log_groups=log_groups(self._outputs),
        )

    def _objects(self, window: WindowRecord) -> Iterator[StoredObject]:
        """Yield a window's objects, present or missing; none once its event has expired."""
        event = self._windows.event(window.window_id)
        if event is None:
            return
        keys, output = keys_of(event), self._outputs.output_bucket
        yield self._object("collage", output, keys.collage)
        yield self._object("copy by creator", output, keys.by_creator)
        yield self._object("thumbnail", output, keys.thumbnail)
        yield self._object("metadata", output, keys.metadata)
        originals = window.originals_key or keys.originals
        yield self._object("originals", self._outputs.temp_bucket, originals)

    def _object(self, what: str, bucket: str, key: str) -> StoredObject:
        return stored_object(self._s3, what, bucket, key)

    def _empty_cells(self, window: WindowRecord) -> list[EmptyCell]:
        """Return the images that are missing and why, from the window's metadata."""
        if not window.failures or window.metadata_key is None:
            return []
        document = read_metadata(self._s3, self._outputs.output_bucket, window.metadata_key)
        return [
            EmptyCell(cell=c.cell, identity=c.identity, reason=c.reason, detail=c.detail)
            for c in (document.cells if document else ())
            if c.reason is not None
        ]

    def _lines(self, window: WindowRecord) -> tuple[list[LogLine], str | None]:
        """Return the window's log lines, or why they could not be read."""
        begins, ends = log_range(datetime.fromisoformat(window.closed_at), datetime.now(UTC))
        groups, query = log_groups(self._outputs), trace_query(window.window_id)
        return self._logs.lines(groups, query, begins, ends)
