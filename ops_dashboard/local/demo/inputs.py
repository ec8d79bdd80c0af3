"""The inputs of a deployed stack, used as a user does. Edge (processes, S3, clock).

A CSV file is uploaded with one call to S3; everything else runs one of our commands.
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
from ops_dashboard.local.demo.batches import REQUEST_FILE, DemoBatch
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import CoverstreamError

DROP_FOLDER = "csv-files"
REQUEST_FOLDER = "manual-uploads"
PUSHED_ID, CONTROLLED_ID = "demo", "demo-controlled"  # a dropped file cannot name its batch
END_TIMEOUT_S = 120
_POLL_S = 0.5


class DemoFailedError(CoverstreamError):
    """The demo's results differ from the expected ones; lists the differences."""


class DemoInputs:
    """The inputs of one stack, and the results of their batches."""

    def __init__(self, aws: LocalAws) -> None:
        """Use the stack deployed on `aws`."""
        self._aws, self._outputs = aws, aws.outputs()

    def push(self, arguments: Sequence[str]) -> None:
        """Push the rows given by `arguments`, and wait until the batch has ended."""
        options = ("--flush", "--wait", f"--batch-id={PUSHED_ID}")
        self._command("stream-ingest", "push", *arguments, *options)

    def drop(self, batch: DemoBatch, file: Path) -> None:
        """Upload a file under the prefix where each new file starts a batch."""
        self._put(f"{DROP_FOLDER}/{batch.file}", file)

    def request(self, batch: DemoBatch, file: Path) -> None:
        """Upload a file under another prefix, and request a batch of it by a message."""
        key, layout = f"{REQUEST_FOLDER}/{batch.file}", batch.layout
        self._put(key, file)
        message = {
            "processing_type": "csv_s3",
            "s3_bucket": self._outputs.input_bucket,
            "s3_key": key,
            "output_prefix": f"{batch.prefix}/",
            "processing_config": {
                "group_by_creator": True,
                "rows": layout.rows,
                "cols": layout.cols,
                "max_images_per_creator": layout.cells,
                "quality": layout.quality,
                "max_workers": 8,
                "timeout": 30,
                "max_retries": 3,
                "cell_px": layout.cell_px,
                "background": layout.background,
                "pack": layout.pack,
            },
        }
        path = file.with_name(REQUEST_FILE)
        path.write_text(json.dumps(message, indent=1))
        self._command("stream-ingest", "submit", f"--request={path}", f"--batch-id={CONTROLLED_ID}")

    def wait(self, batches: Sequence[DemoBatch]) -> Mapping[str, dict[str, Any]]:
        """Return the status of each batch by trigger, once all have ended and all files are read.

        Raises `DemoFailedError` after two minutes.
        """
        deadline = time.monotonic() + END_TIMEOUT_S
        while True:
            listed = json.loads(self._command("ops-dashboard", "status", "--json"))
            found = {each["trigger"]: each for each in listed}
            unfinished = [
                b.input_name for b in batches if not found.get(b.trigger, {}).get("ended")
            ]
            if not unfinished and not self._keys(self._outputs.input_bucket, f"{DROP_FOLDER}/"):
                return found
            if time.monotonic() > deadline:
                what = ", ".join(unfinished) or f"the file under {DROP_FOLDER}/"
                msg = f"not finished within {END_TIMEOUT_S} s: {what}"
                raise DemoFailedError(msg)
            time.sleep(_POLL_S)

    def input_keys(self) -> list[str]:
        """Return the keys in the input bucket."""
        return self._keys(self._outputs.input_bucket, "")

    def collages(self, batch: DemoBatch) -> dict[str, bytes]:
        """Return a batch's collages by file name."""
        bucket = self._outputs.output_bucket
        folder = "/".join(
            filter(None, ("collages", batch.prefix, "2"))
        )  # the first digit of the year
        return {
            Path(key).name: self._aws.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in self._keys(bucket, folder)
            if Path(key).parent.parent.name == batch.trigger  # …/<trigger>/<batch>/<file>
        }

    def _put(self, key: str, file: Path) -> None:
        bucket = self._outputs.input_bucket
        self._aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
        say(f"    uploaded {file} as s3://{bucket}/{key}")

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self._aws.clients.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _command(self, name: str, *arguments: str) -> str:
        """Run one of our commands as a user does; return its stdout."""
        program = Path(sys.executable).with_name(name)
        environment = {**os.environ, **self._aws.environment()}
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [program, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            msg = f"`{name} {arguments[0]}` ended with exit code {done.returncode}"
            raise DemoFailedError(msg)
        return done.stdout
