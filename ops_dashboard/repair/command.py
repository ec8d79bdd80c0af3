"""``ops-dashboard repair``. Edge (DynamoDB, S3): the composition root."""

from __future__ import annotations

import re
import time

import msgspec

from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from ops_dashboard.repair.advice import advice_on
from ops_dashboard.repair.repairs import Repair, Repairs
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, TransientError, UserError
from stream_ingest.contracts.naming import creator_key, is_creator_name, split_window_id
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableItem, UnreadableList

_WINDOW_ID = re.compile(r"[^: ]+:\d+")


def show_repair(stack: str, item: str | None, *, yes: bool, json: bool) -> None:
    """List items that cannot be read, or repair one, with `yes`."""
    key = key_of(item) if item is not None else None
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    if key is None:
        found = UnreadableList(dynamodb, outputs.table_name, time.time).entries()
        show_items(sorted(found, key=lambda entry: (entry.found_at, entry.key)), json=json)
        return
    s3 = session.client("s3", config=clients.CONFIG)
    repairs = Repairs(dynamodb, s3, outputs.table_name, outputs.output_bucket, time.time)
    run_repair(repairs, key, yes=yes, json=json)


def run_repair(repairs: Repairs, key: tuple[str, str], *, yes: bool, json: bool) -> None:
    """Show what repairs an item, and do it with `yes`."""
    planned = repairs.plan(*key)
    copy = _apply(repairs, planned) if yes else None
    if json:
        print_json(
            {
                "key": table.item_key(*key),
                "problem": planned.problem,
                "does": planned.does,
                "unknown": planned.unknown,
                "copy": copy,
            }
        )
        return
    say(f"{table.item_key(*key)}: {planned.problem}")
    say(f"  {'done' if copy else 'would do'}: {planned.does}")
    for unknown in planned.unknown:
        say(f"  not known afterwards: {unknown}")
    say(f"  copy of the item: {copy}" if copy else "  nothing was changed; --yes does it")


def _apply(repairs: Repairs, planned: Repair) -> str:
    try:
        return repairs.apply(planned)
    except ConflictError as error:
        msg = f"{planned.partition} {planned.sort} has changed meanwhile; run this again"
        raise TransientError(msg) from error


def key_of(text: str) -> tuple[str, str]:
    """Return the key of the item that a user names; raises `UserError` if it is none."""
    partition, _, sort = text.partition(" ")
    if sort:
        return partition, sort
    if _WINDOW_ID.fullmatch(text):
        key, number = split_window_id(text)
        return key, table.window_item(number)
    if "#" in text or not is_creator_name(text):
        msg = f"{text!r} names no item; give it in quotes, as `ops-dashboard repair` lists it"
        raise UserError(msg)
    return creator_key(text), table.STATE


def show_items(found: list[UnreadableItem], *, json: bool) -> None:
    """Print unreadable items, the one that was found first at the top."""
    if json:
        print_json(
            [
                {"key": each.key, **msgspec.structs.asdict(each), "advice": advice_on(each.sort)}
                for each in found
            ]
        )
    elif found:
        rows = [(each.key, each.found_at, each.reason, advice_on(each.sort)) for each in found]
        print_table(table_of(("item", "found", "what is wrong", "what can be done"), rows))
    else:
        say("every item that was met can be read")
