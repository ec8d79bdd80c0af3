from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest

from ops_dashboard.recovery.letters import Letters
from stream_ingest.contracts.errors import NotFoundError


class SlowQueues:
    """Queues that answer once all of them are asked."""

    kinds = ("collage", "intake", "sweeper")

    def __init__(self) -> None:
        self._met = Barrier(len(self.kinds), timeout=30)
        self.is_stopped = False

    @contextmanager
    def received(self) -> Iterator[SlowQueues]:
        yield self

    def messages(self, _kind: str, _enough: int | None) -> Iterator[Any]:
        self._met.wait()  # breaks unless all are there
        return iter(())


class NoRecords:
    """Buckets without records."""

    def dead_letters(self, _kind: str) -> Iterator[Any]:
        return iter(())


def test_queues_are_searched_at_the_same_time() -> None:
    queues: Any = SlowQueues()
    records: Any = NoRecords()
    with pytest.raises(NotFoundError):
        Letters(queues, records).find({"0123456789"})
