"""The ways into a deployed stack, each gone as a user goes it. Edge (processes, S3, the clock).

A file is dropped with one call to S3; everything else is one of our own commands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.demo.batches import DemoBatch
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import CoverstreamError

DROP_FOLDER = "csv-files"
REQUEST_FOLDER = "manual-uploads"
PUSHED_ID, CONTROLLED_ID = "demo", "demo-controlled"  # who drops a file cannot name its batch
END_PATIENCE_S = 120
_POLL_S = 0.5


class DemoFailedError(CoverstreamError):
    """The demo ran, and what came out is not what was generated; lists the differences."""


class Entrances:
    """The ways into one stack."""

    def __init__(self, aws: LocalAws) -> None:
        """Go into the stack deployed on `aws`."""
        self._aws, self._outputs = aws, aws.outputs()

    def push(self, arguments: Sequence[str]) -> None:
        """Push the rows that `arguments` name, and follow the batch to its end."""
        options = ("--flush", "--wait", f"--batch-id={PUSHED_ID}")
        self._command("stream-ingest", "push", *arguments, *options)

    def drop(self, batch: DemoBatch, file: Path) -> None:
        """Put a file where it starts a batch by itself."""
        self._put(f"{DROP_FOLDER}/{batch.file}", file)

    def ask(self, batch: DemoBatch, file: Path) -> None:
        """Put a file where it starts nothing, and ask for a batch of it with a grid of its own."""
        key, layout = f"{REQUEST_FOLDER}/{batch.file}", batch.layout
        self._put(key, file)
        self._command(
            "stream-ingest",
            "submit",
            f"s3://{self._outputs.input_bucket}/{key}",
            f"--rows={layout.rows}",
            f"--cols={layout.cols}",
            f"--cell-px={layout.cell_px}",
            f"--quality={layout.quality}",
            f"--background={layout.background}",
            f"--output-prefix={batch.prefix}",
            f"--batch-id={CONTROLLED_ID}",
        )

    def follow(self, batches: Sequence[DemoBatch]) -> Mapping[str, dict[str, Any]]:
        """Return each batch's status by its trigger, once all have ended and no file waits."""
        deadline = time.monotonic() + END_PATIENCE_S
        while True:
            listed = json.loads(self._command("ops-dashboard", "status", "--json"))
            found = {each["trigger"]: each for each in listed}
            late = [b.entrance for b in batches if not found.get(b.trigger, {}).get("ended")]
            if not late and not self._keys(self._outputs.input_bucket, f"{DROP_FOLDER}/"):
                return found
            if time.monotonic() > deadline:
                what = ", ".join(late) or f"the file under {DROP_FOLDER}/"
                msg = f"not done with within {END_PATIENCE_S} s: {what}"
                raise DemoFailedError(msg)
            time.sleep(_POLL_S)

    def input_keys(self) -> list[str]:
        """Return the keys in the input bucket."""
        return self._keys(self._outputs.input_bucket, "")

    def collages(self, batch: DemoBatch) -> dict[str, bytes]:
        """Return a batch's collages by file name."""
        bucket = self._outputs.output_bucket
        folder = "/".join(filter(None, ("collages", batch.prefix, "2")))  # then the year goes on
        return {
            Path(key).name: self._aws.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in self._keys(bucket, folder)
            if Path(key).parent.name == batch.trigger
        }

    def _put(self, key: str, file: Path) -> None:
        bucket = self._outputs.input_bucket
        self._aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
        say(f"    {file} is s3://{bucket}/{key}")

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self._aws.clients.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _command(self, name: str, *arguments: str) -> str:
        """Run one of our commands as a user would, and return what it printed on stdout."""
        program = Path(sys.executable).with_name(name)
        environment = {**os.environ, **self._aws.environment()}
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [program, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            msg = f"`{name} {arguments[0]}` ended with exit code {done.returncode}"
            raise DemoFailedError(msg)
        return done.stdout
