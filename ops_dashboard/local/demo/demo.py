"""The demo: all batches on this machine, compared with the generated data. Edge (processes).

It uses what a user has: the embedded AWS with the stack deployed, our commands, and files uploaded
to S3. The sources are generated: a temporary MariaDB (or a CSV file without one), two CSV files,
a server of sample covers, and photos. All three inputs and the photos are used at the same time.
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
from ops_dashboard.local.demo.manifest_check import manifest_differences
from ops_dashboard.local.demo.output import (
    COLLAGES,
    CONTACT_SHEET,
    PHOTOS,
    PUSHED_CSV,
    SUMMARY,
    write_output,
)
from ops_dashboard.local.demo.photo_check import FoundPhoto, photo_differences, unexpected_keys
from ops_dashboard.local.demo.photo_sheet import contact_sheet
from ops_dashboard.local.demo.photos import DemoPhotos
from ops_dashboard.local.demo.summary import (
    DemoSummary,
    figures_of,
    photo_figures,
    summarise,
)
from ops_dashboard.local.mysql.binary import ensure_mariadbd
from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import create_schema, load_rows
from ops_dashboard.local.samples.cover_server import CoverServer
from ops_dashboard.local.samples.generator import Sample
from ops_dashboard.local.samples.photos.originals import sample_photos
from ops_dashboard.local.samples.photos.sample import SamplePhoto
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
        with ThreadPoolExecutor(2) as threads:
            source = threads.submit(self._prepare_source, batches.pushed)
            drawn = threads.submit(sample_photos)
            aws = self._deploy(covers)
            pushed, arguments = source.result()
            samples = drawn.result()
        batches = batches._replace(pushed=pushed)
        inputs, photos = DemoInputs(aws), DemoPhotos(aws)
        self._send_photos(photos, samples)
        self._send(inputs, batches, arguments)
        found, found_photos = inputs.wait(batches), photos.wait(samples)
        say("4/5 copying the collages and the renditions")
        collages = {batch.trigger: self._copy_collages(inputs, batch) for batch in batches}
        self._copy_photos(samples, found_photos)
        say("5/5 comparing every figure, cell and rendition with the generated data")
        differences = file_differences(batches, inputs.input_keys())
        for batch in batches:
            differences += batch_differences(batch, found[batch.trigger], collages[batch.trigger])
        for sample in samples:
            differences += photo_differences(sample, found_photos[sample.key])
            differences += manifest_differences(sample, found_photos[sample.key])
        differences += unexpected_keys(photos.keys(), found_photos.values())
        summary = summarise(
            [figures_of(batch, found[batch.trigger]) for batch in batches],
            photo_figures(found_photos.values()),
            seconds=round(time.monotonic() - started, 1),
        )
        write_output(self._output, SUMMARY, msgspec.json.format(msgspec.json.encode(summary)))
        return DemoResult(
            summary=summary,
            differences=differences,
            environment=aws.environment() | self._source_environment(arguments),
            port=aws.instance.port,
        )

    def _send_photos(self, photos: DemoPhotos, samples: Sequence[SamplePhoto]) -> None:
        """Upload the photos, which are rendered while rows are sent."""
        say(f"3/5 uploading {len(samples)} photos and images to the bucket of uploads")
        photos.upload(samples)

    def _send(self, inputs: DemoInputs, batches: DemoBatches, arguments: Sequence[str]) -> None:
        """Use all three inputs; the two files are read while the rows are pushed."""
        pushed, dropped, controlled = batches
        say(f"    uploading a CSV file of {_rows(dropped)} rows to the input bucket")
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

    def _copy_photos(self, samples: Sequence[SamplePhoto], found: Mapping[str, FoundPhoto]) -> None:
        """Write all outputs of photos to disk, and a contact sheet."""
        for photo in found.values():
            for name, served in photo.outputs.items():
                key = photo.item["outputs"][name]["key"]
                write_output(self._output, f"{PHOTOS}/{key}", served.data)
        write_output(self._output, CONTACT_SHEET, contact_sheet(samples, found))

    def _deploy(self, covers: CoverServer) -> LocalAws:
        say("1/5 starting the embedded AWS and deploying the stack")
        aws = self._stack.enter_context(LocalAws.start())
        aws.deploy(allowed_sources=[covers.address], settings={"photos": True, "photosCdn": True})
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
