"""Runs a history in a simulated account, then ends all faults and settles."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from collage_lambda.messages import MESSAGES_PER_DELIVERY
from stream_ingest.batches.progress import ENDED_BATCHES
from stream_ingest.contracts import table
from stream_ingest.contracts.settings import BATCH_END
from stream_ingest.records import codec, packer
from tests.faults.harness import history
from tests.faults.harness.aws.mapping import MappingSettings
from tests.faults.harness.corruption import Corruption
from tests.faults.harness.files.runner import FileRunner
from tests.faults.harness.files.steps import FileStep
from tests.faults.harness.handlers import patch_telemetry
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.mysql.runner import MysqlRunner
from tests.faults.harness.mysql.steps import MysqlStep
from tests.faults.harness.operator import abandoned_windows, redrive
from tests.faults.harness.push_process import Batch, PushProcess
from tests.faults.harness.simulated_account import Schedule, SimulatedAccount
from tests.faults.harness.tasks import Over, Task, never

FEW_BUCKETS = 4
"""Instead of 128: a batch has an end mark for each bucket, and there are many histories."""
RECORD_CHARACTERS = 150
"""One or two rows, so that a chunk has several records of a bucket, whose order matters."""
_POISON = (b"", b"\x01not zlib", b"\x09a codec version to come", b"\x01x\x9c\x03\x00")
_PAUSES = frozenset({Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER})
_ROUNDS = 60
_MAX_WAIT_S = 3_600
_OPERATOR_TURNS = 2


@contextmanager
def few_buckets() -> Iterator[None]:
    """Use `FEW_BUCKETS` for batches, and few rows for records."""
    with (
        patch.object(codec, "BUCKETS", FEW_BUCKETS),
        patch.object(packer, "BUCKETS", FEW_BUCKETS),
        patch.object(packer, "MAX_RAW_SIZE", RECORD_CHARACTERS),
    ):
        yield


@contextmanager
def run_steps(
    scenario: history.History, schedule: Schedule | None = None
) -> Iterator[HistoryRunner]:
    """Run a history's steps and yield the runner, without settling."""
    with few_buckets(), patch_telemetry():
        runner = HistoryRunner(scenario)
        runner.account.schedule = schedule or {}
        try:
            for step in scenario.steps:
                runner.step(step)
            yield runner
        finally:
            runner.close()


@contextmanager
def run_to_end(
    scenario: history.History, schedule: Schedule | None = None
) -> Iterator[HistoryRunner]:
    """Run a history's steps, settle, and yield the runner."""
    with run_steps(scenario, schedule) as runner:
        runner.settle()
        yield runner


class HistoryRunner:
    """Runs one history."""

    def __init__(self, scenario: history.History) -> None:
        self.scenario = scenario
        settings = MappingSettings(
            batch_size=scenario.batch_size,
            bisects=True,
            parallelization=scenario.parallelization,
            max_retries=scenario.max_retries,
            max_record_age_s=scenario.max_record_age_s,
        )
        self.account = SimulatedAccount(
            mapping=settings,
            gone=[history.identity(number) for number in scenario.gone],
            keep_originals=scenario.keep_originals,
            prefetch=scenario.prefetch,
            contents=scenario.contents,
            file_receives=scenario.file_receives if scenario.files else 0,
        )
        self._loop = asyncio.new_event_loop()
        self.pushes = [
            PushProcess(self.account, self._loop, plan.batch(number, scenario.first_expiry))
            for number, plan in enumerate(scenario.batches)
        ]
        self.mysql: MysqlRunner | None = None
        if scenario.mysql is not None:
            self.mysql = MysqlRunner(self.account, scenario.mysql, history.CREATORS, self._advance)
        self.files = FileRunner(self.account, scenario.files) if scenario.files else None
        self.corruption = Corruption(self.account)
        self._paused: list[Task] = []
        self._replays = 0

    @property
    def batches(self) -> list[Batch]:
        """All batches: those of the history, pushed or abandoned, and those of its table."""
        from_table = self.mysql.batches() if self.mysql else []
        from_files = self.files.batches() if self.files else ()
        return [*(push.batch for push in self.pushes), *from_table, *from_files]

    def close(self) -> None:
        """Kill the tasks that are still paused."""
        for task in self._paused:
            task.kill()
        if self.mysql:
            self.mysql.close()
        self._loop.close()

    def step(self, step: history.Step) -> None:
        """Run one step of the history."""
        if isinstance(step, MysqlStep):
            if self.mysql:
                self.mysql.step(step)
        elif isinstance(step, FileStep):
            if self.files:
                self.files.step(step)
        else:
            self._step(step)

    def _step(self, step: history.Step) -> None:
        match step:
            case history.Push(batch, actions, faults):
                self.pushes[batch % len(self.pushes)].run(actions, faults)
            case history.Deliver(lane, times, faults):
                for turn in range(times):
                    self.account.deliver(lane % len(self.account.lanes), () if turn else faults)
            case history.Redeliver():
                self._redeliver(step)
            case history.Sweep(drained, faults):
                sweep = self.account.sweep_drained if drained else self.account.sweep
                self._run(faults, lambda: sweep(faults))
            case history.Work() | history.RedeliverMessage():
                self._work(step)
            case history.Prefetch(which, again, faults):
                prefetch = self.account.redeliver_prefetch if again else self.account.prefetch
                self._run(faults, lambda: prefetch(which, faults))
            case history.Resume(which):
                if self._paused:
                    self._resume(self._paused.pop(which % len(self._paused)))
            case _:
                self._apply(step)

    def _work(self, step: history.Work | history.RedeliverMessage) -> None:
        account, faults = self.account, step.faults
        if isinstance(step, history.Work):
            self._run(faults, lambda: account.work(step.which, faults, step.together))
            for _ in range(step.times - 1):
                account.work(step.which, together=step.together)
        elif account.bodies:
            body = account.bodies[step.which % len(account.bodies)]
            self._run(faults, lambda: account.build(body, faults))

    def _apply(self, step: history.Step) -> None:
        """Apply a step that is no invocation of a function."""
        account = self.account
        match step:
            case history.Abandon(batch, late, faults):
                push = self.pushes[batch % len(self.pushes)]
                push.abandon(faults, late=late and push.batch.header.settings.flush != BATCH_END)
            case history.Rival(batch):
                self.pushes[batch % len(self.pushes)].meet_rival()
            case history.Wait(seconds):
                self._advance(seconds)
            case history.Replay(seed):
                self._replays += 1
                name = f"replay-{self._replays}"
                account.bus.start_replay(name, 0, account.clock(), Random(seed))  # noqa: S311 - a shuffle
            case history.Poison(lane, kind):
                key = f"bucket-{lane:03d}"
                data = _POISON[kind % len(_POISON)]
                account.kinesis.put_records(
                    StreamName=account.kinesis.name, Records=[{"PartitionKey": key, "Data": data}]
                )
            case history.Spoil(others):
                account.kinesis.spoil_next(others)
            case history.Corrupt() | history.Heal():
                self.corruption.apply(step)
            case history.ToggleImage(image):
                account.covers.down ^= {history.identity(image)}
            case history.IndexLag(seed):
                account.dynamodb.indexes.lag(lambda key: _coin(f"{seed} {key}"))
            case _:
                raise AssertionError(step)

    def settle(self) -> None:
        """End all faults, drain, resume the paused tasks, and replay abandoned windows."""
        self.account.covers.down.clear()
        self.corruption.heal_all()
        self.account.kinesis.spoil_next(None)
        if self.mysql:
            self.mysql.settle()
        self._drain()
        while self._paused:
            self._resume(self._paused.pop(0))
        self._drain()
        for turn in range(_OPERATOR_TURNS):
            abandoned = abandoned_windows(self.account)
            if not abandoned:
                return
            redrive(self.account, abandoned, f"operator-{turn}")
            self._drain()

    def push_to_the_end(self, batches: Iterable[Batch]) -> None:
        """Push further batches without faults, and settle."""
        further = [PushProcess(self.account, self._loop, batch) for batch in batches]
        self.pushes += further
        self.settle()

    def _drain(self) -> None:
        account, wait_s = self.account, 60.0
        for _ in range(_ROUNDS):
            for push in self.pushes:
                while not push.is_done:
                    push.run()
            files_settled = self.files is None or self.files.settle()
            for lane in account.lanes:
                while lane.poll():
                    pass
            while account.drained:
                account.sweep_drained()
            account.sweep()
            while account.prefetch_queue.visible():
                account.prefetch()
            while account.queue.visible():
                account.work(together=MESSAGES_PER_DELIVERY)
            self._advance(wait_s)
            if files_settled and self._is_settled():
                return
            wait_s = min(2 * wait_s, _MAX_WAIT_S)
        msg = f"not settled after {_ROUNDS} rounds: {self._unsettled()}"
        raise AssertionError(msg)

    def _is_settled(self) -> bool:
        account = self.account
        messages = account.queue.messages or account.prefetch_queue.messages
        return not (account.drained or messages or next(self._unsettled_items(), None))

    def _unsettled(self) -> str:
        kinds = [str(key) for key in self._unsettled_items()]
        files = self.files.left() if self.files else []
        return f"items {kinds}, {len(self.account.queue.messages)} messages, files {files}"

    def _unsettled_items(self) -> Iterator[tuple[str, str]]:
        """Yield the items with work left: what is due, and batches that have not ended."""
        for key, item in self.account.dynamodb.items.items():
            is_open_batch = key[1] == table.BATCH and item["status"]["S"] not in ENDED_BATCHES
            if "due_at" in item or is_open_batch:
                yield key

    def _advance(self, seconds: float) -> None:
        self.account.clock.advance(seconds)
        self.account.dynamodb.indexes.catch_up()

    def _redeliver(self, step: history.Redeliver) -> None:
        lane = step.lane % len(self.account.lanes)
        start = step.start % (self.account.lanes[lane].checkpoint + 1)
        stop, cuts, faults = start + step.length, [step.cut], step.faults
        self._run(
            faults,
            lambda: self.account.redeliver(lane, start, stop, cuts=cuts, faults=faults),
            lambda: self.account.lanes[lane].has_aged(start, stop),
        )

    def _run(
        self, faults: Iterable[Fault], work: Callable[[], object], is_over: Over = never
    ) -> None:
        """Run `work`; if its faults may pause it, in a task, which ends when it `is_over`."""
        if any(fault.kind in _PAUSES for fault in faults):
            self._resume(Task(work, is_over))
        else:
            work()

    def _resume(self, task: Task) -> None:
        task.resume()
        if not task.is_done:
            self._paused.append(task)


def _coin(text: str) -> bool:
    """Return True for half of all texts."""
    return hashlib.blake2b(text.encode(), digest_size=1).digest()[0] % 2 == 0
