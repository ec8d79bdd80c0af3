"""``ops-dashboard erase``. Edge (command line, composition root)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.scrub import PackScrubber
from ops_dashboard.erase.bucket import Bucket
from ops_dashboard.erase.creator_items import CreatorItems
from ops_dashboard.erase.dead_letters import CreatorDeadLetters
from ops_dashboard.erase.erasure import Erasure, Result
from ops_dashboard.erase.input_files import InputFiles
from ops_dashboard.erase.report import EraseReport, add_up, remainders
from ops_dashboard.erase.stored_files import StoredFiles
from ops_dashboard.erase.subject import Subject
from ops_dashboard.inspect.named import check_name
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_line, print_table
from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli import options
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import NotFoundError, UserError
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    import boto3

ERASE_EXAMPLES = """Examples:

  ops-dashboard erase --creator charli

  ops-dashboard erase --creator charli --block --yes

  ops-dashboard erase --creator charli --unblock
"""
_READS_AT_ONCE = 16


def erase(  # noqa: PLR0913 - one parameter for each option
    *,
    creator: Annotated[str, typer.Option(help="Exact name of the creator to erase.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase. Without it, only what would be erased is shown.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be erased (the default).")
    ] = False,
    block: Annotated[
        bool, typer.Option("--block", help="Also refuse every later row of the creator.")
    ] = False,
    unblock: Annotated[
        bool, typer.Option("--unblock", help="Only accept later rows of the creator again.")
    ] = False,
    input_files: Annotated[
        bool,
        typer.Option(
            "--input-files", help="Also remove the creator's rows from files in the input bucket."
        ),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Erase everything that is stored about a creator, for good: a data-protection request."""
    check_name(creator)
    if (yes and dry_run) or (unblock and (yes or block or dry_run or input_files)):
        msg = "--yes and --dry-run exclude each other, and --unblock all others"
        raise UserError(msg)
    session = clients.session()
    outputs = load_stack(session.client("ssm", config=clients.CONFIG), stack)
    who = Subject(creator)
    if unblock:
        _unblock(who, session, outputs, json=json)
        return
    with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
        erasure = build(who, session, outputs, threads, input_files=input_files)
        result = erasure.run(block=block) if yes else erasure.rehearse()
    if not yes and not result.found and not result.state.version:
        msg = f"nothing of {creator!r} is stored in stack {stack!r}"
        raise NotFoundError(msg)
    report = EraseReport(
        creator=creator,
        is_rehearsal=not yes,
        is_blocked=result.state.is_blocked,
        found=add_up(result.found),
        left=remainders(who, result.state, result.kept, searched_inputs=input_files),
    )
    print_json(report) if json else _print(report, result, block=block)


def build(
    who: Subject,
    session: boto3.Session,
    outputs: StackOutputs,
    threads: ThreadPoolExecutor,
    *,
    input_files: bool,
) -> Erasure:
    """Put the parts together."""
    s3 = session.client("s3", config=clients.CONFIG)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    sqs = session.client("sqs", config=clients.CONFIG)
    temp = TempStore(s3, outputs.temp_bucket)
    packs = PackStore(s3, outputs.temp_bucket, dynamodb, outputs.table_name)
    inputs = InputFiles(who, Bucket(s3, outputs.input_bucket), threads, lambda: datetime.now(UTC))
    return Erasure(
        who=who,
        items=CreatorItems(dynamodb, outputs.table_name, who, time.time),
        files=StoredFiles(
            who=who,
            output=Bucket(s3, outputs.output_bucket),
            temp=Bucket(s3, outputs.temp_bucket),
            scrubber=PackScrubber(temp, packs),
            threads=threads,
        ),
        dead_letters=CreatorDeadLetters(who, DeadLetterQueues(sqs, outputs)),
        inputs=inputs if input_files else None,
        clock=time.time,
        sleep=time.sleep,
        say=say,
    )


def _unblock(who: Subject, session: boto3.Session, outputs: StackOutputs, *, json: bool) -> None:
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    items = CreatorItems(dynamodb, outputs.table_name, who, time.time)
    if not items.state().is_blocked:
        msg = f"{who.name!r} is not blocked in stack {outputs.stack!r}"
        raise NotFoundError(msg)
    items.unblock()
    if json:
        print_json({"creator": who.name, "is_blocked": False})
    else:
        say(f"{who.name}: later rows are accepted again")


def _print(report: EraseReport, result: Result, *, block: bool) -> None:
    verb = "would be removed" if report.is_rehearsal else "removed"
    if report.found:
        rows = [(kind, f"{count:,}") for kind, count in report.found.items()]
        print_table(table_of((verb, "number"), rows, title=f"creator {report.creator}"))
    elif report.is_rehearsal:
        print_line(f"Nothing of {report.creator} is stored but the mark that it was erased.")
    else:
        print_line(f"Nothing of {report.creator} was stored.")
    print_line("")
    print_table(table_of(("left", "why"), [(each.what, each.why) for each in report.left]))
    print_line("")
    if report.is_rehearsal:
        again = f"ops-dashboard erase --creator {report.creator!r} {'--block ' if block else ''}"
        print_line(f"Nothing was changed. Erase it with: {again}--yes")
    elif result.state.is_blocked:
        print_line("Later rows of this creator are refused as `blocked`.")
    else:
        print_line("Later rows of this creator are accepted; --block refuses them.")
