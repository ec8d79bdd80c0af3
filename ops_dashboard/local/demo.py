"""The demo: the whole main job on this machine, checked against what was generated. Edge.

Made of what a user has too: the embedded AWS with the stack deployed, `stream-ingest push` and
`ops-dashboard status` as commands of their own. Only the source is ours: a private MariaDB (or a
CSV file, where there is none) and a server of sample covers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ops_dashboard.local import bridge_process
from ops_dashboard.local.covers import CoverServer
from ops_dashboard.local.demo_check import collage_differences, figure_differences
from ops_dashboard.local.mariadb import PrivateMariaDb
from ops_dashboard.local.mariadb_binary import ensure_mariadbd
from ops_dashboard.local.sample_rows import Sample, plan_rows
from ops_dashboard.local.stack import LocalAws
from ops_dashboard.local.video_row import csv_bytes
from ops_dashboard.local.videos_table import create_schema, load_rows
from stream_ingest.console import say
from stream_ingest.errors import CoverstreamError, UserError
from stream_ingest.settings import CollageLayout

BATCH_ID = "demo"
_FIGURES = (
    "rows_read",
    "rows_accepted",
    "refused",
    "windows",
    "collages",
    "images_ok",
    "images_failed",
)


class DemoFailedError(CoverstreamError):
    """The demo ran, and what came out is not what was generated; lists the differences."""


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo found, and where to look on."""

    summary: dict[str, Any]
    differences: list[str]
    environment: dict[str, str]
    port: int


class Demo:
    """One run of the demo; everything it starts ends with `stack`, unless that is left open."""

    def __init__(self, output: Path, stack: contextlib.ExitStack, *, bridged: bool = False) -> None:
        """Write into `output`; register what is started with `stack`.

        `bridged` gives the embedded AWS metrics and alarms, for whoever looks at them later.
        """
        self._output, self._stack, self._bridged = output, stack, bridged

    def run(self) -> DemoResult:
        """Run the main job and compare; raises `UserError` for what a person has to mend."""
        started = time.monotonic()
        covers = self._stack.enter_context(CoverServer())
        with ThreadPoolExecutor(1) as threads:
            source = threads.submit(self._prepare_source, covers)
            aws = self._deploy(covers)
            sample, arguments = source.result()
        say(f"3/5 pushing {sample.expectation.rows_read:,} rows and following the batch")
        self._command(
            aws,
            "stream-ingest",
            "push",
            *arguments,
            "--flush",
            "--wait",
            f"--batch-id={BATCH_ID}",
        )
        status = json.loads(
            self._command(aws, "ops-dashboard", "status", f"--batch={BATCH_ID}", "--json")
        )
        say("4/5 copying the collages")
        collages = self._copy_collages(aws)
        say("5/5 comparing with what was generated, figure by figure and cell by cell")
        differences = [
            *figure_differences(dict(sample.expectation.summary()), status),
            *collage_differences(sample.expectation, collages, CollageLayout()),
        ]
        summary = {name: status[name] for name in _FIGURES}
        summary["seconds"] = round(time.monotonic() - started, 1)
        self._write("summary.json", json.dumps(summary, indent=2).encode() + b"\n")
        return DemoResult(
            summary=summary,
            differences=differences,
            environment=aws.environment() | self._source_environment(arguments),
            port=aws.instance.port,
        )

    def _deploy(self, covers: CoverServer) -> LocalAws:
        say("1/5 starting the embedded AWS and deploying the stack")
        aws = self._stack.enter_context(LocalAws.start())
        aws.deploy(allowed_sources=[covers.address])
        if self._bridged:
            self._stack.enter_context(bridge_process.beside(aws.instance))
        say(f"    AWS at {aws.endpoint}, covers at {covers.url}")
        return aws

    def _prepare_source(self, covers: CoverServer) -> tuple[Sample, Sequence[str]]:
        """Return the sample and the arguments with which `push` reads it."""
        sample = plan_rows(now=datetime.now(UTC), signer=covers.signer)
        covers.add(sample.covers)
        program = ensure_mariadbd(say)
        if program is None:
            say("    pushing the same rows from a CSV file instead")
            path = self._write("videos_links.csv", csv_bytes(sample.rows))
            return sample, [f"--csv={path}"]
        say("2/5 starting a private MariaDB and loading the rows")
        database = self._stack.enter_context(PrivateMariaDb(program))
        asyncio.run(_load(database.url, sample))
        return sample, [f"--mysql={database.url}"]

    def _source_environment(self, arguments: Sequence[str]) -> dict[str, str]:
        urls = [each.partition("=")[2] for each in arguments if each.startswith("--mysql=")]
        return {"MYSQL_URL": urls[0]} if urls else {}

    def _command(self, aws: LocalAws, name: str, *arguments: str) -> str:
        """Run one of our commands as a user would, and return what it printed on stdout."""
        program = Path(sys.executable).with_name(name)
        environment = {**os.environ, **aws.environment()}
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [program, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            msg = f"`{name} {arguments[0]}` ended with exit code {done.returncode}"
            raise DemoFailedError(msg)
        return done.stdout

    def _copy_collages(self, aws: LocalAws) -> Mapping[str, bytes]:
        """Copy every collage out of the bucket; return them by file name."""
        bucket = aws.outputs().output_bucket
        found: dict[str, bytes] = {}
        pages = aws.clients.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix="collages/2"
        )
        for key in (item["Key"] for page in pages for item in page.get("Contents", [])):
            body = aws.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            found[Path(key).name] = body
            self._write(f"collages/{Path(key).name}", body)
        return found

    def _write(self, name: str, data: bytes) -> Path:
        path = self._output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


async def _load(url: str, sample: Sample) -> None:
    await create_schema(url)
    await load_rows(url, sample.rows)


def clear_output(output: Path) -> None:
    """Remove what an earlier demo left in `output`; `UserError` for any other folder."""
    known = {"collages", "summary.json", "videos_links.csv"}
    if not output.exists():
        return
    strangers = sorted(path.name for path in output.iterdir() if path.name not in known)
    if strangers:
        msg = f"{output} holds {strangers[0]!r}, which is no demo's: choose another --output"
        raise UserError(msg)
    for path in [*output.glob("collages/*.jpg"), output / "summary.json"]:
        path.unlink(missing_ok=True)
