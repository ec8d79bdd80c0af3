"""A process of `stream-ingest follow`, which runs from one wait to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.follow.follower import Follower, FollowOptions
from stream_ingest.follow.gauges import Gauges
from stream_ingest.sources.source_options import SourceOptions
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Faults, Faulty
from tests.faults.harness.mysql.environment import Process
from tests.faults.harness.mysql.steps import Faults as ManyFaults
from tests.faults.harness.tasks import Task, pause

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

_TURNS = 400
"""Turns of the event loop before a wait: enough to send the rows of a read."""


class _CloudWatch:
    """Takes metrics."""

    def put_metric_data(self, **_: object) -> dict[str, object]:
        return {}


class FollowerProcess(Process):
    """Follows a table until it is stopped or killed."""

    def __init__(
        self,
        account: SimulatedAccount,
        chosen: SourceOptions,
        how: FollowOptions,
        outputs: StackOutputs,
        new_batch_id: Callable[[date], str],
    ) -> None:
        super().__init__(account, Faults())
        self._account, self._chosen, self._how = account, chosen, how
        self._outputs, self._new_batch_id = outputs, new_batch_id
        self._task = Task(self._run)
        self._is_stopping = False

    @property
    def is_done(self) -> bool:
        """Return whether the process has ended."""
        return self._task.is_done

    def run(self, faults: ManyFaults) -> None:
        """Run until the next wait, or until a fault pauses or kills the process."""
        self.faults.arm(faults)
        self._resume()

    def stop(self) -> None:
        """Send a SIGTERM, and wait until the process has ended."""
        self._is_stopping = True
        self._main.cancel()
        while not self.is_done:
            self._resume()

    def kill(self) -> None:
        """End the process where it is."""
        self.faults.is_dead = True
        self._task.kill()

    def _resume(self) -> None:
        with suppress(KilledError):
            self._task.resume()
        self._account.record("follow", self.faults)

    def _run(self) -> None:
        with self.running():
            asyncio.run(self._follow())

    async def _follow(self) -> None:
        cloudwatch: object = Faulty(_CloudWatch(), "cloudwatch", self.faults)
        follower = Follower(
            self._chosen,
            self._how,
            self._outputs,
            gauges=Gauges(cloudwatch, self._outputs.stack, self._account.clock),  # type: ignore[arg-type]
            new_batch_id=self._new_batch_id,
        )
        self._main = asyncio.create_task(follower.run())
        with suppress(asyncio.CancelledError):
            await self._main

    async def wait(self) -> None:
        """Pause when everything that was read is sent."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        pause()
        if self._is_stopping:
            await asyncio.Event().wait()
