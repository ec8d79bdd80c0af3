"""One delivery of SQS messages: which windows are built together, and in what time. Edge.

Messages on their first receipt come first and are built together, each while the next one's covers
are downloaded. A message that was received before may be one whose window crashes the function, so
it is built alone, after the others have ended: should it crash, they are received once more and are
already done. Several such messages first get different times at which they become visible again, so
that after a crash each of them comes in another delivery than the one that crashes.

Windows that are built together for the first time share a pack of originals. They are published
when it is stored, so that whatever is published can be built again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from collage_lambda.messages import Message, read_message
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.outcomes import WindowOutcome
from collage_lambda.redelivery import Redelivery
from collage_lambda.window_stages import BegunWindow, BuiltWindow
from collage_lambda.worker import PUBLISHING_S, CollageWorker
from stream_ingest.contracts.errors import CoverstreamError

STORING_S = 15
"""Seconds of an invocation that are reserved for a pack that windows share."""
_SECOND = 2


class DeliveryLog(Protocol):
    """Reports what becomes of each message."""

    def received(self, record: SQSRecord) -> None:
        """Begin with a message: what follows is about it."""

    def started(self, message: Message) -> None:
        """Report that the message's window is taken up."""

    def resumed(self, message: Message) -> None:
        """Continue with a message whose window was taken up before."""

    def ended(self, message: Message, outcome: WindowOutcome) -> None:
        """Report how the message ended."""

    def failed(self, error: CoverstreamError) -> None:
        """Report why the message has to be delivered again."""

    def not_scheduled(self, error: Exception) -> None:
        """Report that the queue's own visibility timeout applies."""

    def unhandled(self, error: Exception) -> None:
        """Report an unexpected exception."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A message whose window's downloads run."""

    record: SQSRecord
    window: BegunWindow


class _Company:
    """Windows that are built together, and those of them that wait until their pack is stored."""

    def __init__(self, *, has_pack: bool) -> None:
        """Without a pack, each window stores its originals itself."""
        self.pack = SharedPack() if has_pack else None
        self.waiting: list[tuple[SQSRecord, BuiltWindow]] = []

    def renew(self) -> None:
        """Start a new pack after the windows of this one have ended."""
        self.close()
        self.pack, self.waiting = SharedPack(), []

    def close(self) -> None:
        """Drop the pack."""
        if self.pack:
            self.pack.close()

    def has_waiting(self, window_id: str) -> bool:
        """Return whether a window waits."""
        return any(each.message.event.window_id == window_id for _, each in self.waiting)


class WindowDelivery:
    """Works off the messages of one invocation."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        worker: CollageWorker,
        redelivery: Redelivery,
        log: DeliveryLog,
        *,
        request_id: str,
        remaining_s: Callable[[], float],
        threads: Executor,
    ) -> None:
        """Report to `log`; `remaining_s` returns the seconds that the invocation has left.

        Windows that share a pack are published in `threads`.
        """
        self._worker, self._redelivery, self._log = worker, redelivery, log
        self._threads = threads
        self._request_id, self._remaining_s = request_id, remaining_s
        self._failed: list[str] = []

    def work(self, records: Sequence[SQSRecord]) -> list[str]:
        """Return the ids of the messages that SQS has to deliver again."""
        first = [each for each in records if _receives(each) == 1]
        again = [each for each in records if _receives(each) > 1]
        self._work_together(first, then=len(again))
        self._spread(again[1:])
        for place, record in enumerate(again):
            # Its second receipt can be given back; a later one may be its last.
            is_shortened = _receives(record) == _SECOND and (place > 0 or bool(first))
            self._work_together([record], is_shortened=is_shortened)
        return self._failed

    def _work_together(
        self, records: Sequence[SQSRecord], then: int = 0, *, is_shortened: bool = False
    ) -> None:
        """Build some windows, each while the downloads of the next run; leave time for `then`.

        Those that share the time, or have a shortened one, are given back if they need more.
        """
        jobs: list[tuple[SQSRecord, Message]] = []
        for record in records:
            with self._reported(record):
                jobs.append((record, read_message(record.body)))
        with closing(_Company(has_pack=len(jobs) > 1)) as company:
            current: _Begun | None = None
            for place, (record, message) in enumerate(jobs):
                window_id = message.event.window_id
                # Another message of a window has to meet it done.
                if current and current.window.event.window_id == window_id:
                    self._end(current, company)
                    current = None
                if company.has_waiting(window_id):
                    self._settle(company)
                share_s: float | None = None
                if is_shortened or len(jobs) + then > 1:
                    share_s = self._left_s(company) / (len(jobs) - place + then)
                following = self._begin(record, message, share_s)
                if current:
                    self._end(current, company)
                current = following
            if current:
                self._end(current, company)
            self._settle(company)

    def _left_s(self, company: _Company) -> float:
        """Return the seconds that are left for downloads."""
        return max(0.0, self._remaining_s() - PUBLISHING_S - (STORING_S if company.pack else 0))

    def _begin(self, record: SQSRecord, message: Message, share_s: float | None) -> _Begun | None:
        """Start a window with a share of the time, or alone with all; None if it has ended."""
        with self._reported(record):
            self._log.started(message)
            begun = self._worker.begin(
                message,
                owner=self._owner(record),
                remaining_s=self._remaining_s(),
                share_s=share_s,
            )
            if isinstance(begun, BegunWindow):
                return _Begun(record, begun)
            self._log.ended(message, begun)
        return None

    def _end(self, begun: _Begun, company: _Company) -> None:
        """Build and publish a window, or have it wait for its pack."""
        message = begun.window.message
        with self._reported(begun.record):
            self._log.resumed(message)
            built = self._worker.build(begun.window, company.pack)
            if isinstance(built, WindowOutcome):
                self._log.ended(message, built)
            elif built.waits:
                company.waiting.append((begun.record, built))
            else:
                self._log.ended(message, self._worker.publish(built))

    def _settle(self, company: _Company) -> None:
        """Store the pack, and publish the windows that wait for it, all at once.

        If it cannot be stored, all are given back.
        """
        if not company.pack or not company.waiting:
            return
        stored = self._worker.store(company.pack, [window for _, window in company.waiting])
        publish = partial(self._worker.publish, stored=stored, at_once=len(company.waiting))
        publishing = [
            (record, window.message, self._threads.submit(publish, window))
            for record, window in company.waiting
        ]
        for record, message, outcome in publishing:
            with self._reported(record):
                self._log.resumed(message)
                self._log.ended(message, outcome.result())
        company.renew()

    def _owner(self, record: SQSRecord) -> str:
        """Return one receipt of one message, even if Lambda repeats an invocation under its id."""
        return f"{self._request_id}/{record.message_id}/{secrets.token_hex(4)}"

    @contextmanager
    def _reported(self, record: SQSRecord) -> Iterator[None]:
        """Report, and schedule, a message for which the block raises."""
        self._log.received(record)
        try:
            yield
        except CoverstreamError as error:
            self._failed.append(record.message_id)
            self._log.failed(error)
            with self._attempted():
                self._redelivery.schedule(record, error)
        except Exception as error:  # noqa: BLE001 - logged with its traceback
            self._failed.append(record.message_id)
            self._log.unhandled(error)

    def _spread(self, records: Sequence[SQSRecord]) -> None:
        """Have messages that wait for their turn received one by one if they do not get it."""
        for place, record in enumerate(records):
            self._log.received(record)
            with self._attempted():
                self._redelivery.spread(record, place, self._remaining_s())

    @contextmanager
    def _attempted(self) -> Iterator[None]:
        try:
            yield
        except (CoverstreamError, ClientError) as error:
            self._log.not_scheduled(error)


def _receives(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count)
