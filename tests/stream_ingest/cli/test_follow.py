"""`stream-ingest follow` on a real MariaDB, onto a fake stream and moto's AWS."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops_dashboard.local.mysql.server import create_schema
from stream_ingest.cli.follow import _only_follower
from stream_ingest.cli.main import main
from stream_ingest.contracts.errors import PermanentError, UserError
from stream_ingest.follow import follower as follower_module
from stream_ingest.follow.follower import Follower
from stream_ingest.follow.health import check_health
from stream_ingest.follow.reads import Read
from stream_ingest.push.checkpoint import unfinished
from stream_ingest.records.codec import unpack
from stream_ingest.sources.mysql import MySqlSource
from stream_ingest.sources.source_options import SourceOptions
from tests.fakes.ingest.kinesis import FakeKinesis, raising
from tests.fakes.ingest.mysql import Database
from tests.fakes.ingest.rows import cover_url, object_id
from tests.stream_ingest.cli.conftest import OUTPUTS, Deployed

Action = Callable[[], object]
TODAY, TOMORROW = date(2026, 11, 28), date(2026, 11, 29)


class World:
    """A stack, a table, and a follower that acts out a script: one action after each read."""

    def __init__(  # noqa: PLR0913, PLR0917 - the fixtures of a test
        self,
        deployed: Deployed,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
        health: Path,
    ) -> None:
        self.deployed, self.database, self.health_file = deployed, database, health
        self.day = TODAY
        self._patch, self._capsys, self._caplog = monkeypatch, capsys, caplog
        self._script: list[Action] = []
        self.waits: list[float] = []
        self._seen_at: object = None
        monkeypatch.setattr(Follower, "_wait", lambda _: self._act())
        monkeypatch.setattr(follower_module, "_sleep", self._pause)
        monkeypatch.setattr(Read, "day", property(lambda _: self.day))
        self.metrics: Counter[str] = Counter()
        deployed.aws.clients["cloudwatch"] = self

    def put_metric_data(self, **request: Any) -> None:  # noqa: ANN401 - AWS's request
        """Be CloudWatch."""
        assert request["Namespace"] == "Coverstream/dev"
        for each in request["MetricData"]:
            assert each["Dimensions"] == [{"Name": "service", "Value": "follow"}]
            self.metrics[each["MetricName"]] += int(each["Value"])

    async def _act(self) -> None:
        """Do the next action once the read before was accepted, or has failed."""
        quiet_for = 0
        while quiet_for < 8:
            await asyncio.sleep(0.05)
            quiet_for = quiet_for + 1 if self._read_at() == self._seen_at else 0
            self._seen_at = self._read_at()
        if not self._script:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        await asyncio.to_thread(self._script.pop(0))

    def _read_at(self) -> object:
        return self.health()["read_at"] if self.health_file.exists() else None

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) > 20:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()

    def follow(self, *script: Action, options: tuple[str, ...] = ()) -> str:
        """Follow until every action was done after a read, and then SIGTERM; return stderr."""
        self._script = list(script)
        arguments = ["--mysql", self.database.url, "--health", str(self.health_file), *options]
        self._patch.setattr(sys, "argv", ["stream-ingest", "follow", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        err = self._capsys.readouterr().err
        assert not caught.value.code, err
        return err + self._log()

    def _log(self) -> str:
        text = self._caplog.text
        self._caplog.clear()
        return text

    def insert(self, *numbers: int, when: str = "UTC_TIMESTAMP()") -> None:
        values = ", ".join(f"('c{n % 3}', '{cover_url(n)}', {when})" for n in numbers)
        self.database.run(
            f"INSERT INTO videos_links (creator, cover, created_at) VALUES {values}"  # noqa: S608 - a test's own values
        )

    def change_day(self) -> None:
        self.day = TOMORROW

    def images(self) -> Counter[str]:
        """Return how often each image is in the stream."""
        return Counter(self.deployed.identities())

    def batches(self) -> dict[str, str]:
        """Return the status of each batch."""
        ids = {unpack(data).batch.batch_id for _, data in self.deployed.kinesis.stored}
        found = {each: self.deployed.aws.registry.load(each) for each in ids}
        return {each: batch.status for each, batch in found.items() if batch}

    def health(self) -> dict[str, Any]:
        return dict(json.loads(self.health_file.read_text()))


@pytest.fixture
def world(  # noqa: PLR0913, PLR0917 - as above
    deployed: Deployed,
    mariadb_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> World:
    asyncio.run(create_schema(mariadb_url))
    database = Database(mariadb_url)
    database.run("DELETE FROM videos_links")
    monkeypatch.setattr("stream_ingest.cli.follow.stack_outputs", lambda _: OUTPUTS)
    return World(deployed, database, monkeypatch, capsys, caplog, tmp_path / "health.json")


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


def test_two_followers_of_a_table_on_one_machine_are_refused(world: World) -> None:
    errors: list[str] = []

    def follow_again() -> None:
        with pytest.raises(UserError, match="is being followed by another process") as caught:
            follow_app()
        errors.append(str(caught.value))

    def follow_app() -> None:
        chosen = SourceOptions(
            mysql=world.database.url,
            mysql_secret=None,
            table="tiktok_creator.videos_links",
            csv=None,
            columns=None,
            since=None,
            until=None,
            creators=(),
        )
        with _only_follower(chosen, OUTPUTS):
            pass

    world.follow(follow_again)
    assert len(errors) == 1
    follow_app()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--every", "0s"], "duration '0s'|at least 1s"),
        (["--every", "soon"], "duration 'soon'"),
        (["--overlap", "100d"], "longer than the 90 days"),
        (["--since", "soon"], "date 'soon'"),
        (["--no-dedup"], "needs dedup"),
        (["--table", "a.b.c"], "expected TABLE or DATABASE.TABLE"),
    ],
)
def test_a_mistake_ends_the_command_with_one_line(
    world: World, arguments: list[str], complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint) as caught:
        world.follow(options=tuple(arguments))
    assert str(caught.value).count("stream-ingest: ") == 1


def test_a_health_file_is_checked(world: World) -> None:
    world.insert(1)
    world.follow()
    now = datetime.now(UTC)
    assert re.match(r"\S+/videos_links is read up to 20\d\d-", check_health(world.health_file, now))
    with pytest.raises(PermanentError, match="was last read 3,6"):
        check_health(world.health_file, now + timedelta(hours=1))
    with pytest.raises(PermanentError, match="cannot read"):
        check_health(world.health_file.with_name("nothing"), now)
    world.health_file.write_text("{}")
    with pytest.raises(PermanentError, match="is not a health file"):
        check_health(world.health_file, now)
