"""``ops-dashboard repair``. Edge (DynamoDB): the composition root."""

from __future__ import annotations

import time

import msgspec

from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from ops_dashboard.repair.advice import advice_on
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli import options
from stream_ingest.cli.terminal import say
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableItem, UnreadableList

REPAIR_EXAMPLES = """Examples:

  ops-dashboard repair --stack prod
"""


def repair(*, stack: options.Stack = "dev", json: options.Json = False) -> None:
    """List items of the table that cannot be read, and what can be done about each."""
    session = clients.session()
    outputs = load_stack(session.client("ssm", config=clients.CONFIG), stack)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    found = sorted(
        UnreadableList(dynamodb, outputs.table_name, time.time).entries(),
        key=lambda entry: (entry.found_at, entry.key),
    )
    show_items(found, json=json)


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
