from __future__ import annotations

from typing import Any

import msgspec
import pytest
from botocore.stub import Stubber

from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.numbering import FIRST, Numbering, first_number
from stream_ingest.windowing.table_numbering import FRESH_S, TableNumbering
from tests.fakes.ingest.aws import TABLE, IngestAws


class CountingDynamoDb:
    """Counts the calls that reach the table."""

    def __init__(self, real: object) -> None:
        self.real, self.calls = real, 0

    def __getattr__(self, name: str) -> object:
        self.calls += 1
        return getattr(self.real, name)


def test_a_table_is_numbered_from_one_and_its_copy_from_the_time_of_its_creation(
    aws: IngestAws,
) -> None:
    numbering = TableNumbering(aws.dynamodb, TABLE, aws.clock)
    assert numbering.first() == FIRST
    aws.restore_table()
    aws.clock.advance(FRESH_S)
    facts = numbering.facts()
    assert numbering.first() == first_number(facts.created_at_ms) > FIRST
    assert TableNumbering(aws.dynamodb, TABLE, aws.clock).first() == numbering.first()


def test_a_number_that_a_person_has_set_holds(aws: IngestAws) -> None:
    numbering = TableNumbering(aws.dynamodb, TABLE, aws.clock)
    assert numbering.first() == FIRST
    numbering.write(Numbering(created_at_ms=numbering.facts().created_at_ms, first=77))
    assert numbering.first() == 77


@pytest.mark.parametrize(
    "attributes",
    [{"schema": 2}, {"created_at_ms": "soon", "first_window": 1}, {"created_at_ms": 1}],
)
def test_a_numbering_that_cannot_be_read_stops_nothing(
    aws: IngestAws, attributes: dict[str, object]
) -> None:
    aws.set_item("table#", "numbering", **attributes)
    numbering = TableNumbering(aws.dynamodb, TABLE, aws.clock)
    assert numbering.first() == first_number(numbering.facts().created_at_ms)


def test_the_table_is_asked_again_after_a_minute_and_not_before(aws: IngestAws) -> None:
    dynamodb: Any = CountingDynamoDb(aws.dynamodb)
    numbering = TableNumbering(dynamodb, TABLE, aws.clock)
    numbering.first()
    first = dynamodb.calls
    aws.clock.advance(FRESH_S - 1)
    numbering.first()
    assert dynamodb.calls == first
    aws.clock.advance(1)
    numbering.first()
    assert dynamodb.calls == first + 2


def test_an_unavailable_table_is_a_transient_error(aws: IngestAws) -> None:
    numbering = TableNumbering(aws.dynamodb, TABLE, aws.clock)
    with Stubber(aws.dynamodb) as stubber:
        stubber.add_client_error("describe_table", "ThrottlingException")
        with pytest.raises(TransientError, match="describe the table"):
            numbering.first()


def test_creators_known_and_new_continue_at_the_tables_first_number(aws: IngestAws) -> None:
    plain = CreatorRepository(aws.dynamodb, TABLE)
    state = msgspec.structs.replace(plain.load(["charli"])["charli"], next_window=12)
    plain.commit(state, Change(state=state), 0)
    raised = CreatorRepository(aws.dynamodb, TABLE, first_window=lambda: 1_000)
    assert numbers(raised) == {"charli": 1_000, "new": 1_000}
    assert numbers(plain) == {"charli": 12, "new": 1}


def numbers(store: CreatorRepository) -> dict[str, int]:
    return {key: state.next_window for key, state in store.load(["charli", "new"]).items()}
