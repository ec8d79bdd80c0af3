"""One contract for the table and for the fake that stands in for it in the fault runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.errors import ConflictError
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.memory import MemoryStore
from tests.fakes.ingest.rows import NOW_S, arrivals, header

NEW = CreatorState(creator="🎉")
KEY = "=F0=9F=8E=89"


@pytest.fixture(params=["table", "memory"])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStore()
        return
    aws = request.getfixturevalue("aws")
    yield aws.store


def test_an_unknown_creator_is_new(store: CreatorRepository) -> None:
    assert store.load([KEY]) == {KEY: NEW}


def test_what_is_committed_is_loaded_with_the_next_version(store: CreatorRepository) -> None:
    change = fold(NEW, arrivals([1, 2, 3], header(images=2)), NOW_S, Rules())
    store.commit(NEW, change, NOW_S)
    assert store.load([KEY])[KEY] == msgspec.structs.replace(change.state, version=1)


def test_a_change_of_an_old_state_conflicts_and_writes_nothing(store: CreatorRepository) -> None:
    change = fold(NEW, arrivals([1, 2], header(images=2)), NOW_S, Rules())
    store.commit(NEW, change, NOW_S)
    before = store.load([KEY])
    with pytest.raises(ConflictError):
        store.commit(NEW, change, NOW_S)
    assert store.load([KEY]) == before
