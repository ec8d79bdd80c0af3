"""The demo: all batches on this machine, compared with the generated data. Edge (processes).

It uses what a user has: the embedded AWS with the stack deployed, our commands, and a file uploaded
to S3. The sources are generated: a temporary MariaDB (or a CSV file without one), two CSV files,
and a server of sample covers. All three inputs are used at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ops_dashboard.local.aws.bridge import process
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.demo.batches import DemoBatch, DemoBatches, plan_batches
from ops_dashboard.local.demo.check import batch_differences, file_differences
from ops_dashboard.local.demo.inputs import DemoInputs
from ops_dashboard.local.demo.output import COLLAGES, PUSHED_CSV, SUMMARY, write_output
from ops_dashboard.local.demo.summary import DemoSummary, figures_of, summarise
from ops_dashboard.local.mysql.binary import ensure_mariadbd
from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import create_schema, load_rows
from ops_dashboard.local.samples.cover_server import CoverServer
from ops_dashboard.local.samples.generator import Sample
from ops_dashboard.local.samples.video_row import csv_bytes, spreadsheet_bytes
from stream_ingest.cli.terminal import say


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """The results of the demo, and how to connect to what it has started."""

    summary: DemoSummary
    differences: list[str]
    environment: dict[str, str]
    port: int


class Demo:
    """One run of the demo. Everything it starts is stopped when `stack` is closed."""

    def __init__(
        self, output: Path, stack: contextlib.ExitStack, *, with_metrics: bool = False
    ) -> None:
        """Write into `output`; enter everything that is started into `stack`.

        `with_metrics` runs the metrics bridge, which gives the embedded AWS metrics and alarms.
        """
        self._output, self._stack, self._with_metrics = output, stack, with_metrics

    def run(self) -> DemoResult:
        """Run all batches and compare their results; raises `UserError` if the set-up fails."""
        started = time.monotonic()
        covers = self._stack.enter_context(CoverServer())
        batches = plan_batches(now=datetime.now(UTC), signer=covers.signer)
        covers.add(cover for batch in batches for cover in batch.sample.covers)
        with ThreadPoolExecutor(1) as threads:
            source = threads.submit(self._prepare_source, batches.pushed)
            aws = self._deploy(covers)
            pushed, arguments = source.result()
        batches = batches._replace(pushed=pushed)
        inputs = DemoInputs(aws)
        self._send(inputs, batches, arguments)
        found = inputs.wait(batches)
        say("4/5 copying the collages")
        collages = {batch.trigger: self._copy_collages(inputs, batch) for batch in batches}
        say("5/5 comparing every figure and every cell with the generated data")
        differences = file_differences(batches, inputs.input_keys())
        for batch in batches:
            differences += batch_differences(batch, found[batch.trigger], collages[batch.trigger])
        summary = summarise(
            [figures_of(batch, found[batch.trigger]) for batch in batches],
            seconds=round(time.monotonic() - started, 1),
        )
        write_output(self._output, SUMMARY, msgspec.json.format(msgspec.json.encode(summary)))
        return DemoResult(
            summary=summary,
            differences=differences,
            environment=aws.environment() | self._source_environment(arguments),
            port=aws.instance.port,
        )

    def _send(self, inputs: DemoInputs, batches: DemoBatches, arguments: Sequence[str]) -> None:
        """Use all three inputs; the two files are read while the rows are pushed."""
        pushed, dropped, controlled = batches
        say(f"3/5 uploading a CSV file of {_rows(dropped)} rows to the input bucket")
        data = spreadsheet_bytes(dropped.sample.rows)
        inputs.drop(dropped, write_output(self._output, dropped.file, data))
        say(f"    requesting a batch of {_rows(controlled)} rows with a {controlled.grid} grid")
        data = csv_bytes(controlled.sample.rows)
        inputs.request(controlled, write_output(self._output, controlled.file, data))
        say(f"    pushing {_rows(pushed)} rows and waiting for all batches")
        inputs.push(arguments)

    def _copy_collages(self, inputs: DemoInputs, batch: DemoBatch) -> Mapping[str, bytes]:
        """Copy a batch's collages from the bucket to disk; return them by file name."""
        found = inputs.collages(batch)
        for name, data in found.items():
            write_output(self._output, f"{COLLAGES}/{batch.trigger}/{name}", data)
        return found

    def _deploy(self, covers: CoverServer) -> LocalAws:
        say("1/5 starting the embedded AWS and deploying the stack")
        aws = self._stack.enter_context(LocalAws.start())
        aws.deploy(allowed_sources=[covers.address])
        if self._with_metrics:
            self._stack.enter_context(process.running_bridge(aws.instance))
        say(f"    AWS at {aws.endpoint}, covers at {covers.url}")
        return aws

    def _prepare_source(self, batch: DemoBatch) -> tuple[DemoBatch, Sequence[str]]:
        """Return the batch to push, and the arguments of `push`: MySQL if possible, else a CSV."""
        sample = batch.sample
        program = ensure_mariadbd(say)
        if program is None:
            say("    pushing the same rows from a CSV file instead")
            path = write_output(self._output, PUSHED_CSV, csv_bytes(sample.rows))
            return replace(batch, input_name="CSV push", trigger="csv-push"), [f"--csv={path}"]
        say("2/5 starting a temporary MariaDB and loading the rows")
        database = self._stack.enter_context(PrivateMariaDb(program))
        asyncio.run(_load(database.url, sample))
        return batch, [f"--mysql={database.url}"]

    def _source_environment(self, arguments: Sequence[str]) -> dict[str, str]:
        urls = [each.partition("=")[2] for each in arguments if each.startswith("--mysql=")]
        return {"MYSQL_URL": urls[0]} if urls else {}


async def _load(url: str, sample: Sample) -> None:
    await create_schema(url)
    await load_rows(url, sample.rows)


def _rows(batch: DemoBatch) -> str:
    return f"{batch.sample.expectation.rows_read:,}"
