"""Restores the table of a simulated account to an earlier moment, as docs/operations/restore.md."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import msgspec

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.restore.adoption import Adoption
from ops_dashboard.restore.forgotten import Forgotten
from stream_ingest.contracts import table
from stream_ingest.contracts.timestamps import from_epoch_s
from tests.fakes.ingest.aws import OUTPUT, SETTINGS, TABLE, create_table
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.mapping import MappingSettings
from tests.faults.harness.simulated_account import SimulatedAccount

_RESTORE_S = 600
"""AWS takes longer than that for any table."""


def snapshot(account: SimulatedAccount) -> dict[tuple[str, str], Any]:
    """Return the table's items, as a backup has them."""
    return copy.deepcopy(account.dynamodb.items)


def restore(
    account: SimulatedAccount, backup: dict[tuple[str, str], Any], *, adopts: bool = True
) -> None:
    """Put a backup in place of the table; with `adopts`, take back what was built since.

    The stream is read again from its oldest record.
    """
    account.clock.advance(_RESTORE_S)
    fresh = FakeDynamoDb()
    create_table(fresh)
    fresh.created_at = from_epoch_s(int(account.clock()))
    for item in backup.values():
        fresh.put_item(TableName=TABLE, Item=copy.deepcopy(item))
    account.dynamodb.__dict__.update(fresh.__dict__)  # clients and processes keep their table
    if adopts:
        dynamodb: Any = account.dynamodb
        adoption = Adoption(dynamodb, TABLE, account.clock, SETTINGS.horizon_days)
        adoption.adopt(list(_forgotten(account)))
    account.replace_lanes(MappingSettings(batch_size=4, bisects=True))


def built(account: SimulatedAccount) -> dict[str, WindowMetadata]:
    """Return the metadata in S3, by key."""
    return {
        key: msgspec.json.decode(account.s3.read(OUTPUT, key), type=WindowMetadata)
        for key in account.s3.keys(OUTPUT)
        if key.startswith("metadata/")
    }


def _forgotten(account: SimulatedAccount) -> Iterator[Forgotten]:
    for key, metadata in built(account).items():
        window = Forgotten(key=key, metadata=metadata, is_unknown=True)
        item = account.dynamodb.items.get(window.place)
        if item is None or item["status"]["S"] not in table.ENDED:
            yield window
