"""`stream-ingest follow` on a real MariaDB, onto a fake stream and moto's AWS."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.push.checkpoint import unfinished
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.windowing.delivery import read_delivery
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.kinesis import Answer, FakeKinesis, lose_answer, raising
from tests.fakes.ingest.rows import object_id
from tests.stream_ingest.cli.conftest import World


def once(*numbers: int) -> Counter[str]:
    return Counter(object_id(number) for number in numbers)


def test_rows_of_a_day_are_sent_after_each_read_as_one_batch(world: World) -> None:
    world.insert(1, 2)
    seen: list[int] = []

    def look_and_insert() -> None:
        seen.append(sum(world.images().values()))
        world.insert(3)

    world.follow(look_and_insert, lambda: seen.append(sum(world.images().values())))
    assert seen == [2, 3]
    assert world.images() == once(1, 2, 3)
    assert list(world.batches().values()) == ["sending"]


def test_a_stopped_follower_continues_its_batch_and_ends_it_the_next_day(world: World) -> None:
    world.insert(1, 2)
    err = world.follow()
    assert "stopped; the next start continues here" in err
    assert len(unfinished(follow=True)) == 1
    world.insert(3)
    assert "continuing batch" in world.follow(lambda: world.insert(4))
    assert world.health()["rows"] == 4  # of this process, which sends the overlap again
    assert set(world.images()) == set(once(1, 2, 3, 4))
    assert list(world.batches().values()) == ["sending"]
    world.follow(world.change_day, lambda: world.insert(5))
    assert sorted(world.batches().values()) == ["sending", "sent"]
    assert set(world.images()) == set(once(1, 2, 3, 4, 5))


def test_a_batch_of_yesterday_is_ended_at_the_next_start(world: World) -> None:
    world.insert(1, when="UTC_TIMESTAMP() - INTERVAL 2 DAY")
    world.follow()
    world.change_day()
    world.follow()
    assert list(world.batches().values()) == ["sent"]
    assert unfinished(follow=True) == []


def test_no_batch_begins_before_there_are_rows(world: World) -> None:
    world.follow(lambda: None, lambda: None)
    assert world.deployed.kinesis.stored == []
    assert unfinished(follow=True) == []
    assert world.health()["rows"] == 0
    assert world.health()["mark"]


def test_each_read_with_rows_may_be_a_batch(world: World) -> None:
    world.insert(1)
    script = (lambda: None, lambda: world.insert(2, 3), lambda: None)
    world.follow(*script, options=("--batch", "read"))
    assert list(world.batches().values()) == ["sent", "sent"]
    assert world.images() == once(1, 2, 3)


def test_late_rows_are_sent_whatever_their_time(world: World) -> None:
    world.follow(lambda: world.insert(1, when="UTC_TIMESTAMP() - INTERVAL 90 DAY"), lambda: None)
    assert world.images() == once(1)


def test_a_database_that_goes_away_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = MySqlSource.snapshot, [UserError("gone away")] * 3

    async def snapshot(source: MySqlSource, *moments: Any) -> Any:  # noqa: ANN401 - as the real one
        if failures:
            raise failures.pop()
        return await real(source, *moments)

    monkeypatch.setattr(MySqlSource, "snapshot", snapshot)
    world.insert(1)
    err = world.follow(lambda: None)
    assert err.count("gone away; trying again in") == 3
    assert world.waits == [5.0, 10.0, 20.0]
    assert world.images() == once(1)
    assert (world.health()["failures"], world.health()["error"]) == (0, None)


def test_a_stream_that_refuses_is_waited_for_and_nothing_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push.producer.MAX_ATTEMPTS", 1)
    world.insert(1, 2)
    world.deployed.kinesis = FakeKinesis(*[raising("SlowDown")] * 2)
    err = world.follow(lambda: world.insert(3), lambda: None)
    assert "SlowDown; trying again in 5 s" in err
    assert "continuing batch" in err
    assert set(world.images()) == set(once(1, 2, 3))
    assert list(world.batches().values()) == ["sending"]


def test_the_mark_moves_after_a_read_that_was_accepted_and_not_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push.producer.MAX_ATTEMPTS", 1)
    world.insert(1)
    world.deployed.kinesis = FakeKinesis(*[raising("SlowDown")] * 99)
    world.follow()
    assert not any(item["item"]["S"] == "last" for item in world.deployed.aws.snapshot())
    assert world.health()["failures"] == 21
    world.deployed.kinesis = FakeKinesis()
    world.waits.clear()
    world.follow()
    assert any(item["item"]["S"] == "last" for item in world.deployed.aws.snapshot())
    assert set(world.images()) == set(once(1))


def test_a_start_is_used_if_the_table_has_no_mark(world: World) -> None:
    world.insert(1, when="UTC_TIMESTAMP() - INTERVAL 9 DAY")
    world.insert(2, when="UTC_TIMESTAMP() - INTERVAL 2 DAY")
    world.follow(options=("--since", "last_7_days"))
    assert world.images() == once(2)


def test_metrics_are_sent_and_their_failure_is_not_fatal(world: World) -> None:
    world.insert(1, 2)
    world.follow()
    assert world.metrics["FollowReads"] == 1


@pytest.mark.parametrize("answer", [raising("SlowDown"), lose_answer()])
@pytest.mark.parametrize("good", [0, 1, 3])
def test_no_row_is_lost_or_folded_twice_whichever_request_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, good: int, answer: Answer
) -> None:
    """Each read is one or two requests; then the process stops, and the next one continues."""
    monkeypatch.setattr("stream_ingest.push.producer.MAX_ATTEMPTS", 1)
    world.deployed.kinesis = FakeKinesis(*[lambda _: None] * good, answer)
    world.insert(1, 2)
    world.follow(lambda: world.insert(3), lambda: world.insert(4, 5), lambda: None)
    world.follow(lambda: world.insert(6), world.change_day, lambda: None)
    assert set(world.images()) == set(once(1, 2, 3, 4, 5, 6))
    data = [data for _, data in world.deployed.kinesis.stored]
    outcome = world.deployed.aws.windowing().process(read_delivery(kinesis_event(data)))
    assert outcome.failures == {}
    states = [item for item in world.deployed.aws.snapshot() if item["item"]["S"] == "state"]
    assert sum(int(item["open_images"]["N"]) for item in states if "open_images" in item) == 6


def test_a_table_without_a_key_is_read_from_its_beginning_after_a_restart(world: World) -> None:
    """Its batch continues: rows that were sent are known, and none is skipped by its number."""
    world.database.run("ALTER TABLE videos_links MODIFY id INT, DROP PRIMARY KEY")
    world.insert(1, 2, 3)
    world.follow()
    (batch_id,) = unfinished(follow=True)
    world.database.run("DELETE FROM videos_links LIMIT 1")
    world.insert(4, 5)
    err = world.follow(lambda: None)
    assert f"continuing batch {batch_id}" in err
    assert "trying again" not in err
    assert set(world.images()) == set(once(1, 2, 3, 4, 5))
    world.database.run("DROP TABLE videos_links")  # the next test makes it with its key


def test_an_abandoned_batch_of_a_follower_is_followed_by_another(world: World) -> None:
    world.insert(1, 2)
    world.follow()
    (batch_id,) = unfinished(follow=True)
    world.deployed.aws.registry.abandon(batch_id, "ann")
    world.insert(3)
    err = world.follow(lambda: None)
    assert f"batch {batch_id!r} was abandoned" in err
    assert world.batches()[batch_id] == "abandoning"
    assert sorted(world.batches().values()) == ["abandoning", "sending"]
    assert set(world.images()) == set(once(1, 2, 3))
