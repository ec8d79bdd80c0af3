"""A deployed stack, its cover servers, and our commands run as a user does."""

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
from stream_ingest.cli.main import app as ingest_app
from stream_ingest.contracts.stack_outputs import StackOutputs


@dataclass(frozen=True)
class Pipeline:
    """A deployed stack, its cover servers, and our commands run as a user does."""

    aws: LocalAws
    outputs: StackOutputs
    covers: CoverServer
    mortal_covers: CoverServer
    """A server that a test switches off."""
    late_covers: CoverServer
    """A server that a test switches on."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables of our commands."""
        return {**os.environ, **self.aws.environment()}

    def command(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of our commands as a separate process; wait for its end."""
        return subprocess.run(  # noqa: S603 - our own commands, no shell
            [Path(sys.executable).with_name(name), *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def here(self, app: typer.Typer, *arguments: str) -> Result:
        """Run one of our commands in this process, which saves a second per call.

        Exceptions propagate. Not possible while a browser is open, which uses this process's loop.
        """
        return CliRunner().invoke(app, arguments, env=self.variables, catch_exceptions=False)

    def ops(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
        """Run an `ops-dashboard` command with --json; return its decoded output."""
        done = self.here(ops_app, *arguments, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def push(self, *arguments: str) -> dict[str, Any]:
        """Push a batch and wait for its end; return the decoded output."""
        done = self.here(ingest_app, "push", *arguments, "--wait", "--json")
        assert done.exit_code == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def status(self, batch_id: str) -> dict[str, Any]:
        status: dict[str, Any] = self.ops("status", "--batch", batch_id)
        return status

    def sweep(self) -> None:
        """Invoke the sweeper once, as its schedule does every minute; ignore its errors."""
        self.aws.clients.functions.invoke(FunctionName=self.outputs.sweeper_function, Payload=b"{}")

    def keys(self, prefix: str) -> list[str]:
        pages = self.aws.clients.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.outputs.output_bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        answer = self.aws.clients.s3.get_object(Bucket=self.outputs.output_bucket, Key=key)
        return answer["Body"].read()
