"""A deployed stack, its covers, and our commands as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner, Result

from ops_dashboard.cli import app as ops_app
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from stream_ingest.aws.stack import StackOutputs
from stream_ingest.cli.main import app as ingest_app


@dataclass(frozen=True)
class Pipeline:
    """A deployed stack, its covers, and our commands as a user runs them."""

    aws: LocalAws
    outputs: StackOutputs
    covers: CoverServer
    mortal_covers: CoverServer
    """Serves until a test switches it off."""
    late_covers: CoverServer
    """Serves once a test enters it."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Variables for our commands."""
        return {**os.environ, **self.aws.environment()}

    def command(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of our commands to its end, as a process of its own."""
        return subprocess.run(  # noqa: S603 - our own commands, no shell
            [Path(sys.executable).with_name(name), *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def here(self, app: typer.Typer, *arguments: str) -> Result:
        """Run one of our commands in this process: to start one takes a second each time.

        What it raises comes through. Not while a browser is open, whose loop is this process's.
        """
        return CliRunner().invoke(app, arguments, env=self.variables, catch_exceptions=False)

    def ops(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever JSON a command prints
        """Run an `ops-dashboard` command with --json; return what it printed."""
        done = self.here(ops_app, *arguments, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def push(self, *arguments: str) -> dict[str, Any]:
        """Push, wait for the end, return the JSON of what was done."""
        done = self.here(ingest_app, "push", *arguments, "--wait", "--json")
        assert done.exit_code == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def status(self, batch_id: str) -> dict[str, Any]:
        status: dict[str, Any] = self.ops("status", "--batch", batch_id)
        return status

    def keys(self, prefix: str) -> list[str]:
        pages = self.aws.clients.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.outputs.output_bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        answer = self.aws.clients.s3.get_object(Bucket=self.outputs.output_bucket, Key=key)
        return answer["Body"].read()
