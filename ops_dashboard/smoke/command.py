"""``ops-dashboard smoke``. Edge: the composition root."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer
from botocore.exceptions import ClientError
from rich.text import Text

from ops_dashboard.doctor.deployed import CONFIG
from ops_dashboard.printing.tables import safe
from ops_dashboard.printing.terminal import console, print_json
from ops_dashboard.smoke.diagnosis import Diagnosis
from ops_dashboard.smoke.remains import Remains, new_name
from ops_dashboard.smoke.steps import SmokeReport, StepResult, attempt
from ops_dashboard.smoke.waiting import Waiting
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say, sigterm_interrupts
from stream_ingest.contracts.errors import TransientError, UserError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.checkpoint import discarding

if TYPE_CHECKING:
    import boto3

    from ops_dashboard.smoke.smoke import Smoke

LIMIT_S = 60.0
FRESH_LIMIT_S = 300.0
"""Time for the first row if the stream's mapping was changed within these seconds: Lambda may take
minutes until it reads the stream then.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html ("eventually consistent")
"""


def run_smoke(stack: str, timeout: float | None, *, keep: bool, json: bool) -> None:
    """Test a stack, print each step, and exit with 1 if one failed.

    Raises `UserError` if the test cannot be run from here.
    """
    if find_spec("PIL") is None:
        msg = "smoke draws and compares pictures with Pillow: pip install pillow"
        raise UserError(msg)
    session = clients.session()
    try:
        outputs = load_stack(clients.parameters(session), stack)
    except TransientError as error:
        raise UserError(str(error)) from error
    started, name = time.monotonic(), new_name(datetime.now(UTC), secrets.token_hex(2))
    steps: list[StepResult] = []
    with (
        sigterm_interrupts(),
        closing(_results(session, outputs, name, timeout, keep=keep)) as results,
    ):
        for result in results:
            steps.append(result)
            if not json:
                _print(result)
    report = SmokeReport(
        stack=stack,
        ok=all(step.ok for step in steps),
        name=name,
        seconds=round(time.monotonic() - started, 1),
        steps=steps,
    )
    print_json(report) if json else _print_end(report)
    if not report.ok:
        raise typer.Exit(1)


def _results(
    session: boto3.Session, outputs: StackOutputs, name: str, timeout_s: float | None, *, keep: bool
) -> Generator[StepResult, None, None]:
    """Yield the results of all steps; clean up in the end, whatever happens."""
    say(f"testing stack {outputs.stack} with batch and creator {name}")
    try:
        yield from _build(session, outputs, name, timeout_s).steps()
    except BaseException:
        if not keep:
            say("removing what the test has stored …")
            _clean_up(session, outputs, name)
        raise
    if keep:
        say(f"kept: ops-dashboard status --stack {outputs.stack} --batch {name}")
    else:
        yield attempt("clean up", lambda: _clean_up(session, outputs, name), outputs.stack)


def _build(
    session: boto3.Session, outputs: StackOutputs, name: str, timeout_s: float | None
) -> Smoke:
    """Put the parts together."""
    from ops_dashboard.smoke.smoke import Smoke  # noqa: PLC0415 - imports Pillow, not in the wheel

    waiting = Waiting(
        Diagnosis(session, outputs, since_ms=int(time.time() * 1000)),
        stack=outputs.stack,
        clock=time.monotonic,
        sleep=time.sleep,
        say=say,
    )
    first_limit_s = timeout_s or _first_limit_s(session, outputs)
    return Smoke(
        session,
        outputs,
        waiting,
        name=name,
        limit_s=timeout_s or LIMIT_S,
        first_limit_s=first_limit_s,
    )


def _first_limit_s(session: boto3.Session, outputs: StackOutputs) -> float:
    """Return how long the first row may take, which is longer in a stack that was just deployed."""
    client = session.client("lambda", config=CONFIG)
    try:
        found = client.list_event_source_mappings(FunctionName=outputs.windowing_function)
    except ClientError:
        return LIMIT_S  # if the function is missing, the step will say so
    changed = [each["LastModified"] for each in found["EventSourceMappings"]]
    age_s = min(
        ((datetime.now(UTC) - moment).total_seconds() for moment in changed), default=FRESH_LIMIT_S
    )
    return FRESH_LIMIT_S if age_s < FRESH_LIMIT_S else LIMIT_S


def _clean_up(session: boto3.Session, outputs: StackOutputs, name: str) -> str:
    """Remove everything of this run and of earlier ones that could not; return what that was."""
    with discarding(name, outputs.stack):
        pass
    remains = Remains(session, outputs)
    found = remains.remove(name)
    stale = remains.stale(datetime.now(UTC))
    for each in stale:
        found += remains.remove(each)
    text = ", ".join(f"{count} {kind}" for kind, count in found.items()) or "nothing"
    return f"removed {text}" + (f", also of {', '.join(stale)}" if stale else "")


def _print(step: StepResult) -> None:
    line = Text()
    line.append("ok      " if step.ok else "FAILED  ", "green" if step.ok else "bold red")
    line.append(f"{step.step:11}", "bold")
    line.append(f"{step.seconds:6.1f} s")
    if step.ok:
        line.append(f"  {safe(step.found)}")
    console().print(line, soft_wrap=True)
    if step.ok:
        return
    parts = [("expected", step.expected)] if step.expected else []
    for title, text in [*parts, ("found", step.found), *(("next", each) for each in step.next)]:
        console().print(Text(f"        {title:11}{safe(text or '')}"), soft_wrap=True)


def _print_end(report: SmokeReport) -> None:
    failed = [step.step for step in report.steps if not step.ok]
    if report.ok:
        text, style = f"passed: stack {report.stack} works ({report.seconds} s)", "green"
    else:
        where = " and ".join(failed)
        text, style = f"failed: stack {report.stack}, at {where} ({report.seconds} s)", "bold red"
    console().print(Text(text, style), soft_wrap=True)
