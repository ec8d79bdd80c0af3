"""Jepsen's accounting (checker/set, total-queue): what went in against what is there in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stream_ingest.contracts.identity import image_identity
from tests.faults.harness.checks.table import Table
from tests.faults.harness.pushes import Batch
from tests.faults.harness.stage import Stage

Image = tuple[str, str]
"""A creator and the identity of one of its images."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """What must be empty, all of it."""

    lost: frozenset[Image]
    """Pushed, and in no window."""
    duplicated: frozenset[Image]
    """In two windows, or twice in one."""
    unexpected: frozenset[Image]
    """In a window, and never sent."""


CLEAR = Account(lost=frozenset(), duplicated=frozenset(), unexpected=frozenset())


def account_of(stage: Stage, batches: Sequence[Batch]) -> Account:
    """Return the account of a stage that has come to rest: every push has ended by then."""
    attempted = {(row.creator, row.identity) for batch in batches for row in batch.rows}
    found = Table(stage)
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
    return Account(
        lost=frozenset(attempted - read.keys()),
        duplicated=frozenset(image for image, count in read.items() if count > 1),
        unexpected=frozenset(read.keys() - attempted),
    )
