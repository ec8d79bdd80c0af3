"""Pushes covers through a deployed stack and checks their collages. Edge (AWS, clock).

The covers are in the stack's temp bucket and are downloaded by presigned links, so nothing outside
of the stack is needed. Everything is of one new creator and one batch, named after the run, which
`remains` removes at the end.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.rebuild import Rebuild
from ops_dashboard.recovery.replay import replay_name
from ops_dashboard.recovery.replay_result import rebuild_status
from ops_dashboard.smoke.covers import COVERS, LAYOUT, WINDOWS, collage_problems, cover
from ops_dashboard.smoke.remains import covers_prefix
from ops_dashboard.smoke.steps import (
    StepFailedError,
    StepResult,
    advice,
    attempt,
    end_text,
    status_text,
)
from ops_dashboard.smoke.waiting import Seen, Waiting
from stream_ingest.aws import clients
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.aws.presigning import PRESIGNING
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.naming import SMOKE_TRIGGER, window_id
from stream_ingest.contracts.settings import BatchSettings, FlushPolicy
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.runner import push
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import MAX_URL_LENGTH
from stream_ingest.sources.source_options import SourceOptions

if TYPE_CHECKING:
    import boto3

LINK_LIFE_S = 3_600
SETTINGS = BatchSettings(
    layout=LAYOUT, images_per_window=LAYOUT.cells, flush=FlushPolicy(kind="batch-end")
)


class Smoke:
    """One smoke test of one stack."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        session: boto3.Session,
        outputs: StackOutputs,
        waiting: Waiting,
        *,
        name: str,
        limit_s: float,
        first_limit_s: float,
    ) -> None:
        """Test a stack with the batch and creator `name`.

        A step may take `limit_s` seconds, and `first_limit_s` until the first row is folded.
        """
        self._outputs, self._waiting, self._name = outputs, waiting, name
        self._limit_s, self._first_limit_s = limit_s, first_limit_s
        self._s3 = session.client("s3", config=clients.CONFIG)
        self._presigner = session.client("s3", config=clients.CONFIG.merge(PRESIGNING))
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
        self._windows = WindowReader(dynamodb, outputs.table_name)
        sqs = session.client("sqs", config=clients.CONFIG)
        self._rebuild = Rebuild(self._windows, sqs, self._s3, outputs)
        self._ids = [window_id(name, number + 1) for number in range(len(WINDOWS))]
        self._urls: list[str] = []

    def steps(self) -> Iterator[StepResult]:
        """Run all steps and yield their results; the first one that fails is the last.

        Raises `UserError` if the test cannot be run from here.
        """
        actions: dict[str, Callable[[], str]] = {
            "covers": self._store_covers,
            "push": self._push,
            "windowing": self._wait_for_full_window,
            "collage": self._wait_for_collage,
            "batch end": self._wait_for_last_window,
            "cells": self._compare,
            "replay": self._replay,
        }
        for step, action in actions.items():
            result = attempt(step, action, self._outputs.stack)
            yield result
            if not result.ok:
                return

    def _store_covers(self) -> str:
        bucket = self._outputs.temp_bucket
        for number in range(COVERS):
            place = {"Bucket": bucket, "Key": f"{covers_prefix(self._name)}{number}.jpg"}
            with map_errors("store a cover"):
                self._s3.put_object(
                    **place,  # type: ignore[arg-type] # the key and the bucket of a place
                    Body=cover(self._name, number),
                    ContentType="image/jpeg",
                )
            self._urls.append(
                self._presigner.generate_presigned_url(
                    "get_object", Params=place, ExpiresIn=LINK_LIFE_S
                )
            )
        with map_errors("read a cover"):  # as whoever has the link can
            self._s3.get_object(Bucket=bucket, Key=place["Key"])["Body"].read()
        if max(map(len, self._urls)) > MAX_URL_LENGTH:
            msg = (
                f"links that your credentials sign are longer than {MAX_URL_LENGTH:,} characters,"
                " because of their session token: use credentials of a role or user with a shorter"
                " one"
            )
            raise UserError(msg)
        return f"{COVERS} in s3://{bucket}/{covers_prefix(self._name)}"

    @property
    def _source(self) -> str:
        """The host and port that the covers are downloaded from."""
        url = urlsplit(self._urls[0])
        return f"{url.hostname}:{url.port or (443 if url.scheme == 'https' else 80)}"

    def _push(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "smoke.csv"
            with rows.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(("creator_name", "cover_url", "created_at"))
                now = int(time.time())
                writer.writerows((self._name, url, now + n) for n, url in enumerate(self._urls))
            chosen = SourceOptions(
                mysql=None,
                mysql_secret=None,
                table="",
                csv=rows,
                columns=None,
                since=None,
                until=None,
                creators=(),
            )
            header = BatchHeader(batch_id=self._name, trigger=SMOKE_TRIGGER, settings=SETTINGS)
            report = push(chosen, header, self._outputs.stack)
        if report.rows_sent != COVERS:
            found = f"{report.rows_sent} of {report.rows_read} sent, refused: {report.refused}"
            expected = f"{COVERS} rows sent"
            raise StepFailedError(expected, found)
        return f"{report.rows_sent} rows sent as batch {self._name}"

    def _wait_for_full_window(self) -> str:
        def look() -> Seen:
            window = self._windows.find(self._ids[0])
            if window is None:
                text = f"no window of creator {self._name}: its rows have not been read, or failed"
                return Seen(is_done=False, text=text)
            return Seen(is_done=True, text=f"window {window.window_id} is closed")

        expected = f"window {self._ids[0]} with its {len(WINDOWS[0])} covers"
        functions = [self._outputs.windowing_function]
        return self._waiting.wait(expected, look, functions, self._first_limit_s)

    def _wait_for_collage(self) -> str:
        expected = f"a collage of window {self._ids[0]}"
        functions = [self._outputs.windowing_function, self._outputs.collage_function]
        look = self._looking_at(0)
        return self._waiting.wait(expected, look, functions, self._limit_s)

    def _wait_for_last_window(self) -> str:
        expected = f"window {self._ids[1]}, closed by the end of its batch, and its collage"
        functions = [
            self._outputs.windowing_function,
            self._outputs.sweeper_function,
            self._outputs.collage_function,
        ]
        look = self._looking_at(1)
        return self._waiting.wait(expected, look, functions, self._limit_s)

    def _looking_at(self, number: int) -> Callable[[], Seen]:
        """Return a look at whether a window has its collage."""

        def look() -> Seen:
            window = self._windows.find(self._ids[number])
            if window is None:
                return Seen(is_done=False, text=self._open_text(self._ids[number]))
            if window.status not in table.ENDED:
                return Seen(is_done=False, text=status_text(window))
            self._check_complete(window)
            return Seen(is_done=True, text=end_text(window))

        return look

    def _open_text(self, wanted: str) -> str:
        """Return how far the batch is whose end has to close a window."""
        batch = self._registry.load(self._name)
        if batch is None:
            return f"no window {wanted}, and batch {self._name} is gone"
        marks = f"{batch.drained} of {batch.buckets} end marks have been read"
        waits = "; the sweeper has not closed it" if batch.is_drained else ""
        return f"window {wanted} is open, batch {self._name} is {batch.status}: {marks}{waits}"

    def _check_complete(self, window: WindowRecord) -> None:
        if window.status == table.WindowStatus.COMPLETED:
            return
        further = [
            *advice(window.failures, self._source),
            f"the log /aws/lambda/{self._outputs.collage_function}",
        ]
        expected = f"window {window.window_id} with all {window.image_count} covers"
        raise StepFailedError(expected, end_text(window), further)

    def _compare(self) -> str:
        for number in range(len(WINDOWS)):
            self._compare_collage(number)
        return f"{len(WINDOWS)} collages show their covers"

    def _compare_collage(self, number: int) -> None:
        window = self._windows.find(self._ids[number])
        key = window.collage_key if window else None
        expected = f"a collage that shows the covers of window {self._ids[number]}"
        if key is None:
            raise StepFailedError(expected, "a window without a collage")
        place = f"s3://{self._outputs.output_bucket}/{key}"
        try:
            with map_errors("read a collage"):
                answer = self._s3.get_object(Bucket=self._outputs.output_bucket, Key=key)
        except ClientError as error:
            if error_code(error) not in {"NoSuchKey", "404"}:
                raise
            raise StepFailedError(expected, f"{place} does not exist") from error
        if problems := collage_problems(answer["Body"].read(), self._name, number):
            raise StepFailedError(expected, f"{place}: {'; '.join(problems)}")

    def _replay(self) -> str:
        """Delete the first collage and have it built again."""
        wanted, name = self._ids[0], replay_name("smoke")
        before = self._windows.find(wanted)
        if before is not None and before.collage_key:
            with map_errors("delete a collage"):
                self._s3.delete_object(Bucket=self._outputs.output_bucket, Key=before.collage_key)
        self._rebuild.send([wanted], name)
        expected = f"window {wanted} built again with all covers"

        def look() -> Seen:
            window = self._windows.find(wanted)
            if window is None or window.replayed_as != name or window.status not in table.ENDED:
                text = f"the replay of {wanted} is queued"
                is_taken = window is not None and window.status not in table.ENDED
                text = status_text(window) if window is not None and is_taken else text
                return Seen(is_done=False, text=text)
            if rebuild_status(window) != table.WindowStatus.COMPLETED:
                raise StepFailedError(expected, end_text(window))
            return Seen(is_done=True, text=f"window {wanted} was built again")

        text = self._waiting.wait(expected, look, [self._outputs.collage_function], self._limit_s)
        self._compare_collage(0)
        return text
