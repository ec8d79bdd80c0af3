"""Runs `stream-ingest push`. Edge."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.batch_id import check_batch_id, new_batch_id
from stream_ingest.cli import run_push
from stream_ingest.cli.batch_arguments import option_name
from stream_ingest.contracts.batch_options import (
    NO_OPTIONS,
    BatchOptions,
    lay_over,
    settings_of,
)
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.push.checkpoint import latest_unfinished
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions


class PushMode(msgspec.Struct, frozen=True, kw_only=True):
    """What to do besides pushing."""

    dry_run: bool
    wait: bool
    json: bool


def start_push(
    chosen: SourceOptions, batch: BatchOptions, batch_id: str | None, stack: str, mode: PushMode
) -> None:
    """Push as a new batch, or with `dry_run` only read and check the rows; print the result."""
    chosen.check(datetime.now(UTC))
    header = BatchHeader(
        batch_id=check_batch_id(batch_id or new_batch_id()),
        trigger=chosen.trigger,
        settings=_settings(batch, stack, dry_run=mode.dry_run),
    )
    if mode.dry_run:
        result = run_push.dry_run(chosen, header, stack)
        run_push.print_result(result, json=mode.json, rehearsed=True)
        return
    result = run_push.push(chosen, header, stack, wait=mode.wait)
    run_push.print_result(result, json=mode.json)


def continue_push(  # noqa: PLR0913 - one parameter for each option
    batch_id: str | None,
    mysql: str | None,
    mysql_secret: str | None,
    mysql_ca: Path | None,
    *,
    wait: bool,
    json: bool,
) -> None:
    """Continue a push that was stopped or killed, by default the latest; print the result."""
    result = run_push.resume(
        batch_id or latest_unfinished(), mysql, mysql_secret, mysql_ca, wait=wait
    )
    run_push.print_result(result, json=json)


def _settings(batch: BatchOptions, stack: str, *, dry_run: bool) -> BatchSettings:
    """Return the batch's settings; a dry run has the built-in defaults, as it needs no stack."""
    settings = settings_of(lay_over(batch, NO_OPTIONS), option_name)
    if dry_run:
        return settings
    defaults = stack_outputs(stack).batch_defaults
    return settings_of(lay_over(batch, defaults), option_name)
