"""Runs what a history does to its MySQL table, and the commands that read it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.contracts import table
from stream_ingest.contracts.errors import CoverstreamError, DecodeError
from stream_ingest.follow.follower import FollowOptions
from stream_ingest.push import runner
from stream_ingest.push.checkpoint import unfinished
from stream_ingest.records.codec import BatchHeader, PackedRecord, unpack
from stream_ingest.records.rows import CoverRow
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import LAST_PUSH
from tests.fakes.ingest.memory_table import Row
from tests.fakes.ingest.rows import header
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Faults
from tests.faults.harness.mysql import steps
from tests.faults.harness.mysql.covers_table import CoversTable, Image, image_of
from tests.faults.harness.mysql.environment import Host, Process
from tests.faults.harness.mysql.follower_process import FollowerProcess
from tests.faults.harness.push_process import Batch
from tests.faults.harness.tasks import Task

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

_ENDS_A_COMMAND = (CoverstreamError, ClientError, BotoCoreError, KilledError)
_EVERY_S = 60
_STARTS_IN_S = 5
"""How long a command takes before it reads anything."""
_PREFIX = "table-"
_DAY_S = 86_400
_DAYS = 6
"""Number of days after which a follower has ended its batch."""


class MysqlRunner:
    """A table, the host of its commands, and their processes."""

    def __init__(
        self,
        account: SimulatedAccount,
        plan: steps.MysqlPlan,
        creators: tuple[str, ...],
        advance: Callable[[float], None],
    ) -> None:
        """`advance` lets seconds pass."""
        self.covers = CoversTable(plan, creators, account.clock)
        self.unread: list[tuple[str, set[Image]]] = []
        """What pushes left unread that have succeeded: batch and images. It has to be empty."""
        self._account, self._plan, self._creators = account, plan, creators
        self._advance = advance
        self._numbers = count()
        self._host = Host(account, self.covers, plan)
        self._host.open()
        self._paused: list[Task] = []
        self._follower: FollowerProcess | None = None
        self._to_read: dict[str, list[Row]] = {}
        self._succeeded: set[str] = set()

    def close(self) -> None:
        """Kill what still runs, and put back what the host replaced."""
        for task in self._paused:
            task.kill()
        self._stop_follower(killed=True)
        self._host.close()

    def step(self, step: steps.MysqlStep) -> None:
        """Run one step."""
        match step:
            case steps.PushTable():
                self._push(step)
            case steps.ResumeTable(which, faults):
                if found := unfinished():
                    self._resume(sorted(found)[which % len(found)], faults)
            case steps.Follow(faults):
                self._follow(faults)
            case steps.StopFollower(killed):
                self._stop_follower(killed=killed)
            case steps.ContinuePush(which):
                if self._paused:
                    self._continue(self._paused.pop(which % len(self._paused)))
            case _:
                self.covers.step(step, has_mark=self._has_mark())

    def settle(self) -> None:
        """End all processes without faults, and push once more what is new."""
        while self._paused:
            self._continue(self._paused.pop(0))
        self._end_follower()
        for batch_id in sorted(unfinished()):
            self._resume(batch_id, ())
            assert batch_id in self._succeeded, f"{batch_id} is not resumed"
        self._advance(self._plan.overlap_s)
        last = self._push(steps.PushTable())
        assert last in self._succeeded
        assert not unfinished() + unfinished(follow=True)

    def batches(self) -> list[Batch]:
        """Return what each batch has sent, as it is in the stream."""
        rows: dict[str, list[CoverRow]] = {}
        headers: dict[str, BatchHeader] = {}
        for record in self._records().values():
            headers[record.batch.batch_id] = record.batch
            rows.setdefault(record.batch.batch_id, []).extend(record.cover_rows())
        return [Batch(header=headers[name], rows=rows[name]) for name in sorted(headers)]

    def sent_by_batches(self) -> set[Image]:
        """Return the images that these batches have sent."""
        return {(row.creator, row.identity) for batch in self.batches() for row in batch.rows}

    def _records(self) -> dict[tuple[str, int, int], PackedRecord]:
        """Return the records of these batches, each once: one may have been sent again."""
        found = {}
        for shard in self._account.kinesis.shards:
            for each in shard:
                with suppress(DecodeError):
                    record = unpack(each.data)
                    found[record.batch.batch_id, record.bucket, record.number] = record
        return {key: record for key, record in found.items() if key[0].startswith(_PREFIX)}

    def _push(self, step: steps.PushTable) -> str:
        batch = self._header(f"{_PREFIX}{next(self._numbers)}")
        is_whole = step.until is None and step.rows in {steps.Rows.NEW, steps.Rows.ALL}
        if is_whole:
            self._to_read[batch.batch_id] = self.covers.visible()
        chosen = self._options(step)
        self._run(step.faults, batch.batch_id, lambda: runner.push(chosen, batch, "dev"))
        return batch.batch_id

    def _resume(self, batch_id: str, faults: steps.Faults) -> None:
        url = self._options(steps.PushTable()).mysql
        self._run(faults, batch_id, lambda: runner.resume(batch_id, url, None))

    def _run(self, faults: steps.Faults, batch_id: str, command: Callable[[], object]) -> None:
        """Run a command in a process of its own, until it ends or is paused."""
        self._advance(_STARTS_IN_S)
        own = Faults(faults or self._account.scheduled("table push"))
        process = Process(self._account, own)

        def run() -> None:
            with process.running(), suppress(*_ENDS_A_COMMAND):
                command()
                self._check_success(batch_id)
            self._account.record("table push", own)

        self._continue(Task(run))

    def _continue(self, task: Task) -> None:
        task.resume()
        if not task.is_done:
            self._paused.append(task)

    def _check_success(self, batch_id: str) -> None:
        """Check that a push has sent what was there when it began, and is unchanged."""
        self._succeeded.add(batch_id)
        unchanged = {_content(row) for row in self.covers.visible()}
        wanted = {
            image_of(row) for row in self._to_read.get(batch_id, ()) if _content(row) in unchanged
        }
        if missing := wanted - self.sent_by_batches():
            self.unread.append((batch_id, missing))

    def _follow(self, faults: steps.Faults) -> None:
        self._advance(_EVERY_S)
        if self._follower is None or self._follower.is_done:
            how = FollowOptions(
                every_s=_EVERY_S,
                per_read=False,
                start=None,
                settings=self._header("").settings,
                health=None,
            )
            self._follower = FollowerProcess(
                self._account,
                self._options(steps.PushTable()),
                how,
                self._host.outputs,
                lambda _: f"{_PREFIX}{next(self._numbers)}",
            )
        self._follower.run(faults or self._account.scheduled("follow"))

    def _stop_follower(self, *, killed: bool) -> None:
        if self._follower is not None and not self._follower.is_done:
            if killed:
                self._follower.kill()
            else:
                self._follower.stop()
        self._follower = None

    def _end_follower(self) -> None:
        """Follow on further days until no batch of a day is open."""
        self._stop_follower(killed=False)
        for _ in range(_DAYS):
            if not unfinished(follow=True):
                return
            self._advance(_DAY_S)
            self._follow(())
            self._follow(())
            self._stop_follower(killed=False)
        msg = f"open after {_DAYS} days: {unfinished(follow=True)}"
        raise AssertionError(msg)

    def _options(self, step: steps.PushTable) -> SourceOptions:
        now, span = self.covers.now().clock, self.covers.overlap
        since = {
            steps.Rows.NEW: LAST_PUSH,
            steps.Rows.RECENT: _text(now - step.since * span),
        }.get(step.rows)
        return SourceOptions(
            mysql="mysql://reader@db.example/tiktok_creator",
            mysql_secret=None,
            table="videos_links",
            csv=None,
            columns=None,
            since=since,
            until=None if step.until is None else _text(now - step.until * span),
            creators=self._creators[:1] if step.rows is steps.Rows.CREATOR else (),
            overlap=f"{self._plan.overlap_s}s" if since == LAST_PUSH else None,
        )

    def _header(self, batch_id: str) -> BatchHeader:
        images = self._plan.images
        return header(batch_id, images=images, flush=self._plan.flush, quality=60 + images)

    def _has_mark(self) -> bool:
        return any(sort == table.LAST_PUSH for _, sort in self._account.dynamodb.items)


def _content(row: Row) -> tuple[object, ...]:
    return row.key, row.created_at, image_of(row)


def _text(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
