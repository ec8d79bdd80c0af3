"""Plays a history on a stage, then heals it and lets everything come to rest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from stream_ingest.batches import registry
from stream_ingest.contracts import table
from stream_ingest.records import codec, packer
from tests.faults.harness import history
from tests.faults.harness.aws.mapping import MappingSettings
from tests.faults.harness.handlers import on_stage
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.operator import given_up_windows, redrive
from tests.faults.harness.pushes import Push
from tests.faults.harness.stage import Schedule, Stage
from tests.faults.harness.tasks import Task

FEW_BUCKETS = 4
"""Instead of 128: a batch has an end mark for each of them, and histories are many."""
RECORD_CHARACTERS = 150
"""One row or two, so that chunks have several records of a bucket, whose order matters."""
_POISON = (b"", b"\x01not zlib", b"\x09a codec version to come", b"\x01x\x9c\x03\x00")
_PAUSES = frozenset({Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER})
_ROUNDS = 60
_LONGEST_REST_S = 3_600
_OPERATOR_TURNS = 2


@contextmanager
def few_buckets() -> Iterator[None]:
    """Let batches have `FEW_BUCKETS`, and records few rows."""
    with (
        patch.object(codec, "BUCKETS", FEW_BUCKETS),
        patch.object(packer, "BUCKETS", FEW_BUCKETS),
        patch.object(packer, "MAX_RAW_SIZE", RECORD_CHARACTERS),
        patch.object(registry, "BUCKETS", FEW_BUCKETS),
    ):
        yield


@contextmanager
def begun(story: history.History, schedule: Schedule | None = None) -> Iterator[Play]:
    """Play a history's steps, and hand over what there is then: nothing is at rest."""
    with few_buckets(), on_stage():
        play = Play(story)
        play.stage.schedule = schedule or {}
        try:
            for step in story.steps:
                play.step(step)
            yield play
        finally:
            play.close()


@contextmanager
def played(story: history.History, schedule: Schedule | None = None) -> Iterator[Play]:
    """Play a history to its end, rest included, and hand over what there is then."""
    with begun(story, schedule) as play:
        play.rest()
        yield play


class Play:
    """A history under way."""

    def __init__(self, story: history.History) -> None:
        self.story = story
        settings = MappingSettings(
            batch_size=story.batch_size,
            bisects=True,
            parallelization=story.parallelization,
            max_retries=story.max_retries,
            max_record_age_s=story.max_record_age_s,
        )
        self.stage = Stage(
            mapping=settings,
            gone=[history.identity(number) for number in story.gone],
            keep_originals=story.keep_originals,
            prefetch=story.prefetch,
        )
        self._loop = asyncio.new_event_loop()
        self.batches = [
            plan.batch(number, story.first_expiry) for number, plan in enumerate(story.batches)
        ]
        self.pushes = [Push(self.stage, self._loop, batch) for batch in self.batches]
        self._slow: list[Task] = []
        self._replays = 0

    def close(self) -> None:
        """End whatever is still under way."""
        for task in self._slow:
            task.kill()
        self._loop.close()

    def step(self, step: history.Step) -> None:
        """Do one step of the history."""
        match step:
            case history.Push(batch, things, faults):
                self.pushes[batch % len(self.pushes)].run(things, faults)
            case history.Deliver(lane, times, faults):
                for turn in range(times):
                    self.stage.deliver(lane % len(self.stage.lanes), () if turn else faults)
            case history.Again():
                self._again(step)
            case history.Sweep(drained, faults):
                sweep = self.stage.sweep_drained if drained else self.stage.sweep
                self._perhaps_slow(faults, lambda: sweep(faults))
            case history.Work() | history.WorkAgain():
                self._work(step)
            case history.Prefetch(which, again, faults):
                prefetch = self.stage.prefetch_again if again else self.stage.prefetch
                self._perhaps_slow(faults, lambda: prefetch(which, faults))
            case history.Resume(which):
                if self._slow:
                    self._go_on(self._slow.pop(which % len(self._slow)))
            case _:
                self._happen(step)

    def _work(self, step: history.Work | history.WorkAgain) -> None:
        stage, faults = self.stage, step.faults
        if isinstance(step, history.Work):
            self._perhaps_slow(faults, lambda: stage.work(step.which, faults))
            for _ in range(step.times - 1):
                stage.work(step.which)
        elif stage.bodies:
            body = stage.bodies[step.which % len(stage.bodies)]
            self._perhaps_slow(faults, lambda: stage.build(body, faults))

    def _happen(self, step: history.Step) -> None:
        """Let something happen around the processes."""
        stage = self.stage
        match step:
            case history.Wait(seconds):
                self._pass(seconds)
            case history.Replay(seed):
                self._replays += 1
                name = f"replay-{self._replays}"
                stage.bus.start_replay(name, 0, stage.clock(), Random(seed))  # noqa: S311 - a shuffle
            case history.Poison(lane, kind):
                key = f"bucket-{lane:03d}"
                data = _POISON[kind % len(_POISON)]
                stage.kinesis.put_records(
                    StreamName=stage.kinesis.name, Records=[{"PartitionKey": key, "Data": data}]
                )
            case history.Flip(image):
                stage.covers.down ^= {history.identity(image)}
            case history.Lag(seed):
                stage.dynamodb.indexes.lag(lambda key: _coin(f"{seed} {key}"))
            case _:
                raise AssertionError(step)

    def rest(self) -> None:
        """Heal everything, let all that is under way end, then let the slowest ones go on."""
        self.stage.covers.down.clear()
        self._come_to_rest()
        while self._slow:
            self._go_on(self._slow.pop(0))
        self._come_to_rest()
        for turn in range(_OPERATOR_TURNS):
            given_up = given_up_windows(self.stage)
            if not given_up:
                return
            redrive(self.stage, given_up, f"operator-{turn}")
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        stage, wait_s = self.stage, 60.0
        for _ in range(_ROUNDS):
            for push in self.pushes:
                while not push.is_done:
                    push.run()
            for lane in stage.lanes:
                while lane.poll():
                    pass
            while stage.drained:
                stage.sweep_drained()
            stage.sweep()
            while stage.prefetch_queue.visible():
                stage.prefetch()
            while stage.queue.visible():
                stage.work()
            self._pass(wait_s)
            if self._is_at_rest():
                return
            wait_s = min(2 * wait_s, _LONGEST_REST_S)
        msg = f"no rest after {_ROUNDS} rounds: {self._restless()}"
        raise AssertionError(msg)

    def _is_at_rest(self) -> bool:
        stage = self.stage
        messages = stage.queue.messages or stage.prefetch_queue.messages
        return not (stage.drained or messages or next(self._restless_items(), None))

    def _restless(self) -> str:
        kinds = [str(key) for key in self._restless_items()]
        return f"items {kinds}, {len(self.stage.queue.messages)} messages"

    def _restless_items(self) -> Iterator[tuple[str, str]]:
        """Yield what there is still something to do with: what is due, batches that go on."""
        for key, item in self.stage.dynamodb.items.items():
            is_open_batch = key[1] == table.BATCH and item["status"]["S"] != "ended"
            if "due_at" in item or is_open_batch:
                yield key

    def _pass(self, seconds: float) -> None:
        self.stage.clock.advance(seconds)
        self.stage.dynamodb.indexes.catch_up()

    def _again(self, step: history.Again) -> None:
        lane = step.lane % len(self.stage.lanes)
        start = step.start % (self.stage.lanes[lane].checkpoint + 1)
        self._perhaps_slow(
            step.faults,
            lambda: self.stage.deliver_again(
                lane, start, start + step.length, cuts=[step.cut], faults=step.faults
            ),
        )

    def _perhaps_slow(self, faults: Iterable[Fault], work: Callable[[], object]) -> None:
        """Do something; what may pause gets a thread of its own, to wait there."""
        if any(fault.kind in _PAUSES for fault in faults):
            self._go_on(Task(work))
        else:
            work()

    def _go_on(self, task: Task) -> None:
        task.resume()
        if not task.is_done:
            self._slow.append(task)


def _coin(text: str) -> bool:
    """Return true for half of all texts."""
    return hashlib.blake2b(text.encode(), digest_size=1).digest()[0] % 2 == 0
