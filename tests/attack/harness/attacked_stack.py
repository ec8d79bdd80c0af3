"""A deployed stack with a proxy that injects faults before it, for commands and for functions.

The functions are the stack's own zips; their endpoint is one proxy, that of the commands another.
Only the wait for a message that was not deleted is shortened, from minutes to `VISIBILITY_S`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.aws.items import from_wire
from stream_ingest.contracts.stack_outputs import StackOutputs
from tests.attack.harness.audit import listed_covers, open_windows, waiting
from tests.attack.harness.aws_proxy import AwsProxy
from tests.attack.harness.fault_draws import Draws, Rate, report
from tests.bench.cover_server import serving
from tests.end_to_end.fault_hook import FaultFolder
from tests.end_to_end.faulty_stack import hook_function

LAYOUT = ("--rows=4", "--cols=5", "--cell-px=64")
"""Twenty images a collage, in cells that are as large as their code needs."""
VISIBILITY_S = 45
FUNCTION_TIMEOUT_S = 30
COMMAND_TIMEOUT_S = 180
TRIES = 12
"""How often a command is repeated before its batch counts as stuck."""
PATIENCE_S = 1_500
"""How long a stack may take to come to rest: a message that has failed twice is received again
after 12 minutes and up to 150 seconds (`collage_lambda.redelivery`), and may wait for a lease."""
_SWEEP_EVERY_S = 2.0
_NOTE_EVERY_S = 15.0
_FUNCTIONS = {
    "windowing": "windowing",
    "sweeper": "windowing",
    "collage": "collage",
    "prefetch": "collage",
    "intake": "windowing",
}
"""Bundles by function."""


@dataclass(frozen=True, kw_only=True)
class AttackedStack:
    """A stack, the proxies before it, and the address of the covers' server."""

    aws: LocalAws
    outputs: StackOutputs
    commands: AwsProxy
    functions: AwsProxy
    covers: str
    folder: Path
    """Folder of checkpoints and logs."""

    @property
    def clients(self) -> Clients:
        """Clients without a proxy."""
        return self.aws.clients

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of commands."""
        return {
            **os.environ,
            **self.aws.environment(),
            "AWS_ENDPOINT_URL": self.commands.url,
        }

    def command(
        self, *arguments: str, under: Iterable[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run ``stream-ingest`` to its end, by the program `under` if one is given."""
        program = Path(sys.executable).with_name("stream-ingest")
        return subprocess.run(  # noqa: S603 - our own command, no shell
            [*under, program, *arguments],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def push(self, batch_id: str, *options: str, under: Iterable[str] = ()) -> int:
        """Push a batch, resume it as long as it fails, and return how often it was resumed."""
        done = self.command("push", f"--batch-id={batch_id}", *options, under=under)
        for tries in range(TRIES):
            if done.returncode == 0:
                return tries
            assert "Traceback" not in done.stderr, done.stderr
            if self.is_registered(batch_id):
                secrets = [each for each in options if each.startswith("--mysql=")]
                resume = ("push", "--resume", f"--batch-id={batch_id}", *secrets)
                done = self.command(*resume, under=under)
            else:
                done = self.command("push", f"--batch-id={batch_id}", *options, under=under)
        msg = f"{batch_id} is not sent after {TRIES} tries: {done.stderr}"
        raise AssertionError(msg)

    def submit(self, batch_id: str, path: Path) -> None:
        """Request a batch for a file, again as long as that fails and it has not begun."""
        for _ in range(TRIES):
            done = self.command("submit", f"--batch-id={batch_id}", *LAYOUT, str(path))
            assert "Traceback" not in done.stderr, done.stderr
            if done.returncode == 0 or self.is_registered(batch_id):
                return
        msg = f"{batch_id} is not requested after {TRIES} tries: {done.stderr}"
        raise AssertionError(msg)

    def is_registered(self, batch_id: str) -> bool:
        """Return whether the table has a batch."""
        return "Item" in self.clients.dynamodb.get_item(
            TableName=self.outputs.table_name,
            Key={"creator_name": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}},
            ConsistentRead=True,
        )

    def statuses(self) -> dict[str, str]:
        """Return the status of each batch by its id, from the table."""
        pages = self.clients.dynamodb.get_paginator("scan").paginate(
            TableName=self.outputs.table_name,
            ConsistentRead=True,
            FilterExpression="#item = :batch",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":batch": {"S": "batch"}},
        )
        items = [from_wire(item) for page in pages for item in page["Items"]]
        return {item["creator_name"].removeprefix("batch#"): item["status"] for item in items}

    def settle(self, batches: Iterable[str]) -> str:
        """Sweep until all batches have ended and nothing waits; give up after `PATIENCE_S`.

        It returns in both cases, because the accounting says what is stuck; with what was waiting,
        and how long.
        """
        wanted, start = set(batches), time.monotonic()
        lines: list[str] = []
        while (passed_s := time.monotonic() - start) < PATIENCE_S:
            self.sweep()
            ended = {name for name, status in self.statuses().items() if status == "ended"}
            left = {
                "windows": open_windows(self.clients, self.outputs),
                "batches": len(wanted - ended),
                **waiting(self.clients, self.outputs),
            }
            if not any(left.values()):
                return "\n".join(lines)
            if passed_s >= len(lines) * _NOTE_EVERY_S:
                named = ", ".join(f"{name} {count:,}" for name, count in left.items())
                lines.append(f"{passed_s:4.0f} s: waiting: {named}")
            time.sleep(_SWEEP_EVERY_S)  # polls a condition
        return "\n".join(lines)

    def wait_for_covers(self, count: int) -> None:
        """Sweep until closed windows list `count` covers; give up after `PATIENCE_S`."""
        deadline = time.monotonic() + PATIENCE_S
        while listed_covers(self.clients, self.outputs) < count and time.monotonic() < deadline:
            self.sweep()
            time.sleep(_SWEEP_EVERY_S)  # polls a condition

    def sweep(self) -> None:
        """Invoke the sweeper, as its schedule does every minute; ignore its errors."""
        self.clients.functions.invoke(FunctionName=self.outputs.sweeper_function, Payload=b"{}")

    def report(self) -> str:
        """Return what was injected."""
        return report((("commands", self.commands.draws), ("functions", self.functions.draws)))


@contextmanager
def attacked_stack(
    folder: Path,
    *,
    seed: int,
    commands: Mapping[str, Rate],
    functions: Mapping[str, Rate],
    clocks_s: Mapping[str, float] | None = None,
) -> Iterator[AttackedStack]:
    """Deploy a stack behind proxies; `clocks_s` is how far clocks of functions are ahead."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("XDG_STATE_HOME", str(folder))  # of this process, and of every command
        covers, _ = stack.enter_context(serving("codes"))
        aws = stack.enter_context(LocalAws.start())
        outputs = aws.deploy(
            allowed_sources=[covers],
            settings={"collageTimeoutS": FUNCTION_TIMEOUT_S, "collageMaxConcurrency": 3},
        )
        aws.clients.sqs.set_queue_attributes(
            QueueUrl=outputs.collage_queue_url,
            Attributes={"VisibilityTimeout": str(VISIBILITY_S)},
        )
        for_functions = AwsProxy(aws.endpoint, Draws(seed=seed, rates=functions))
        stack.enter_context(for_functions)
        for_commands = AwsProxy(aws.endpoint, Draws(seed=seed, rates=commands))
        stack.enter_context(for_commands)
        for name, ahead_s in (clocks_s or {}).items():
            own = folder / f"clock-{name}"
            own.mkdir()
            clock = FaultFolder(own)
            clock.set_clock(ahead_s)
            hook_function(aws, getattr(outputs, f"{name}_function"), _FUNCTIONS[name], clock)
        for name in _FUNCTIONS:
            _set_endpoint(aws, getattr(outputs, f"{name}_function"), for_functions.url)
        yield AttackedStack(
            aws=aws,
            outputs=outputs,
            commands=for_commands,
            functions=for_functions,
            covers=covers,
            folder=folder,
        )


def _set_endpoint(aws: LocalAws, function: str, url: str) -> None:
    functions = aws.clients.functions
    before = functions.get_function_configuration(FunctionName=function)
    functions.update_function_configuration(
        FunctionName=function,
        Environment={"Variables": {**before["Environment"]["Variables"], "AWS_ENDPOINT_URL": url}},
    )
