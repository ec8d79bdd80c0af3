"""Jepsen's accounting (checker/set, total-queue): compare what went in with what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stream_ingest.contracts.identity import image_identity
from tests.faults.harness.checks.model import model_of
from tests.faults.harness.checks.table import Table
from tests.faults.harness.push_process import Batch
from tests.faults.harness.simulated_account import SimulatedAccount

Image = tuple[str, str]
"""A creator and the identity of one of its images."""


@dataclass(frozen=True, kw_only=True)
class Accounting:
    """Images that violate a law; all three sets have to be empty."""

    lost: frozenset[Image]
    """Pushed, and in no window."""
    duplicated: frozenset[Image]
    """In two windows, or twice in one."""
    unexpected: frozenset[Image]
    """In a window, and never sent."""


BALANCED = Accounting(lost=frozenset(), duplicated=frozenset(), unexpected=frozenset())


def accounting_of(account: SimulatedAccount, batches: Sequence[Batch]) -> Accounting:
    """Return the accounting of a settled account, after every push has ended or was abandoned."""
    attempted = {(row.creator, row.identity) for batch in batches for row in batch.rows}
    promised = {
        (row.creator, row.identity)
        for batch in batches
        for row in batch.rows
        if not batch.abandoned
    } | _in_stream(account)
    found = Table(account)
    read: Counter[Image] = Counter(
        (creator, image.identity)
        for creator, windows in found.windows.items()
        for window in windows
        for image in window.event.images
    )
    read.update(
        (creator, image.identity or image_identity(image.url))
        for creator, windows in found.open.items()
        for window in windows
        for image in window.images
    )
    return Accounting(
        lost=frozenset(promised - read.keys()),
        duplicated=frozenset(image for image, count in read.items() if count > 1),
        unexpected=frozenset(read.keys() - attempted),
    )


def _in_stream(account: SimulatedAccount) -> set[Image]:
    """Return the images that the stream has accepted."""
    model = model_of(account.kinesis.shards)
    return {(creator, image) for (_, creator), images in model.rows.items() for image in images}
