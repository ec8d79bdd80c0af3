"""``ops-dashboard erase``. Edge: the composition root."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from collage_lambda.originals.scrub import originals_scrubber
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.scrub import cover_scrubber
from ops_dashboard.erase.bucket import Bucket
from ops_dashboard.erase.creator_items import CreatorItems
from ops_dashboard.erase.creator_runs import CreatorRuns
from ops_dashboard.erase.dead_letters import CreatorDeadLetters
from ops_dashboard.erase.erasure import Erasure, Result, merge_results
from ops_dashboard.erase.input_files import InputFiles
from ops_dashboard.erase.report import EraseReport, add_up, remainders
from ops_dashboard.erase.stored_files import StoredFiles
from ops_dashboard.erase.subject import Subject
from ops_dashboard.inspect.creators import CreatorReader
from ops_dashboard.inspect.named import check_name
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_line, print_table
from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues
from ops_dashboard.recovery.runs.store import RunStore
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.creators import candidates
from stream_ingest.contracts.errors import NotFoundError
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    import boto3

_READS_AT_ONCE = 16


class EraseOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to do besides showing what is stored."""

    yes: bool
    block: bool
    unblock: bool
    input_files: bool


def run_erase(stack: str, creator: str, wanted: EraseOptions, *, json: bool) -> None:
    """Erase a creator, or show what would be erased.

    Raises `NotFoundError` if nothing of it is stored.
    """
    check_name(creator)
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    subjects = find_subjects(creator, session, outputs)
    if wanted.unblock:
        _unblock(subjects, session, outputs, json=json)
        return
    who = subjects[0]
    with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
        erasures = [build(each, session, outputs, threads, wanted.input_files) for each in subjects]
        result = merge_results(
            [each.run(block=wanted.block) if wanted.yes else each.rehearse() for each in erasures]
        )
    if not wanted.yes and not result.found and not result.state.version:
        msg = f"nothing of {creator!r} is stored in stack {stack!r}"
        raise NotFoundError(msg)
    report = EraseReport(
        creator=who.name,
        earlier_names=list(who.names[1:]),
        is_rehearsal=not wanted.yes,
        is_blocked=result.state.is_blocked,
        found=add_up(result.found),
        left=remainders(who, result.state, result.kept, searched_inputs=wanted.input_files),
    )
    print_json(report) if json else _print(report, result, block=wanted.block)


def build(
    who: Subject,
    session: boto3.Session,
    outputs: StackOutputs,
    threads: ThreadPoolExecutor,
    input_files: bool,  # noqa: FBT001 - one of the parts
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
            covers=cover_scrubber(temp, packs),
            originals=originals_scrubber(temp),
            threads=threads,
        ),
        dead_letters=CreatorDeadLetters(who, DeadLetterQueues(sqs, outputs)),
        runs=CreatorRuns(who, RunStore(dynamodb, outputs.table_name, lambda: datetime.now(UTC))),
        inputs=inputs if input_files and not who.is_earlier else None,
        clock=time.time,
        sleep=time.sleep,
        say=say,
    )


def find_subjects(
    spelling: str, session: boto3.Session, outputs: StackOutputs
) -> tuple[Subject, ...]:
    """Return a creator under its name, and under each name that earlier versions gave it.

    Such names are found in the table's index, or by being written exactly so.
    """
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    case = outputs.names_case
    *exact, name = candidates(spelling, case)
    reader = CreatorReader(dynamodb, outputs.table_name, creator_case=case)
    stored = (each for each in exact if reader.find(each))
    earlier = [*dict.fromkeys((*stored, *reader.other_names(name)))]
    return (
        Subject(name, case, earlier=earlier),
        *(Subject(each, case, is_earlier=True) for each in earlier),
    )


def _unblock(
    subjects: Sequence[Subject], session: boto3.Session, outputs: StackOutputs, *, json: bool
) -> None:
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    name = subjects[0].name
    items = [CreatorItems(dynamodb, outputs.table_name, who, time.time) for who in subjects]
    blocked = [each for each in items if each.state().is_blocked]
    if not blocked:
        msg = f"{name!r} is not blocked in stack {outputs.stack!r}"
        raise NotFoundError(msg)
    for each in blocked:
        each.unblock()
    if json:
        print_json({"creator": name, "is_blocked": False})
    else:
        say(f"{name}: later rows are accepted again")


def _print(report: EraseReport, result: Result, *, block: bool) -> None:
    verb = "would be removed" if report.is_rehearsal else "removed"
    if report.found:
        rows = [(kind, f"{count:,}") for kind, count in report.found.items()]
        print_table(table_of((verb, "number"), rows, title=f"creator {report.creator}"))
    elif report.is_rehearsal:
        print_line(f"Nothing of {report.creator} is stored but the mark that it was erased.")
    else:
        print_line(f"Nothing of {report.creator} was stored.")
    if report.earlier_names:
        print_line(f"Earlier versions stored it as {', '.join(map(repr, report.earlier_names))}.")
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
