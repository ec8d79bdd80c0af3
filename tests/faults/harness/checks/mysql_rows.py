"""Checks that what is in a MySQL table in the end is in a window, by the table alone.

Neither marks, nor batches, nor counts of the pipeline are believed: rows are compared with images.
"""

from __future__ import annotations

from collections import Counter

from stream_ingest.contracts.identity import image_identity
from tests.faults.harness.checks.table import Table
from tests.faults.harness.mysql.covers_table import Image, image_of
from tests.faults.harness.mysql.runner import MysqlRunner
from tests.faults.harness.simulated_account import SimulatedAccount


def check_rows(account: SimulatedAccount, mysql: MysqlRunner) -> None:
    """Each row of the table is in exactly one window, and nothing else was sent."""
    assert not mysql.unread, "pushes have succeeded without rows that were there at their beginning"
    wanted = {image_of(row) for row in mysql.covers.visible()}
    found = images_in_windows(account)
    assert not wanted - found.keys(), "rows of the table are in no window"
    assert not [image for image, count in found.items() if count > 1]
    assert mysql.sent_by_batches() <= mysql.covers.ever


def images_in_windows(account: SimulatedAccount) -> Counter[Image]:
    """Return how often each image is in a window, closed or open."""
    found = Table(account)
    images: Counter[Image] = Counter()
    for creator, windows in found.windows.items():
        images.update((creator, each.identity) for w in windows for each in w.event.images)
    for creator, waiting in found.open.items():
        images.update(
            (creator, each.identity or image_identity(each.url))
            for w in waiting
            for each in w.images
        )
    return images
