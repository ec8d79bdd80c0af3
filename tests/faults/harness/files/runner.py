"""Runs the steps of a history that concern files, and says what must have become of each."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from ops_dashboard.recovery import drop as dropping
from ops_dashboard.recovery.dead_letter_queues import ReceivedMessage
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.letter_jobs import letter_jobs
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.intake.jobs import CSV_FOLDER, Job, job_of
from stream_ingest.intake.uploads import Upload, announce
from stream_ingest.push.abandon import send_marks
from tests.fakes.intake_aws import INPUT
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.faults.harness import history, wiring
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.aws.sqs import Message
from tests.faults.harness.files import steps
from tests.faults.harness.files.service import FileService
from tests.faults.harness.injector import Fault, Faults
from tests.faults.harness.push_process import Batch

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

FIRST_BATCH = 100
"""The number of the batch of the first upload, in the URLs of its rows."""
_HEADER = "creator_name,cover_url,created_at"


@dataclass(frozen=True)
class Uploaded:
    """An upload of a file, and its job."""

    rows: Sequence[tuple[int, int]]
    number: int
    upload: Upload
    job: Job


class FileRunner:
    """Runs steps; its account must read files."""

    def __init__(self, account: SimulatedAccount, plans: Sequence[steps.FilePlan]) -> None:
        self._account, self._plans = account, plans
        assert account.files is not None
        self.service: FileService = account.files
        self.uploads: list[Uploaded] = []
        self.given_up: set[str] = set()
        """Letters that somebody has dropped, or began to drop: their bodies."""

    def step(self, step: steps.FileStep) -> None:
        """Run one step."""
        service = self.service
        match step:
            case steps.Drop(file, announced):
                self._upload(file, announced=announced)
            case steps.Announce(upload):
                if self.uploads:
                    self._announce(self.uploads[upload % len(self.uploads)].upload)
            case steps.RedriveLetter() | steps.DropLetter():
                self._letter(step)
            case steps.Read(which, times, slow, faults):
                for turn in range(times):
                    service.read(which, () if turn else faults, slow=slow)
            case steps.ReadAgain(which, slow, faults):
                service.read_again(which, faults, slow=slow)

    def _letter(self, step: steps.RedriveLetter | steps.DropLetter) -> None:
        if letters := self._letters():
            letter = letters[step.which % len(letters)]
            work = self.redrive if isinstance(step, steps.RedriveLetter) else self.drop_letter
            work(letter, step.faults)

    def batches(self) -> Iterator[Batch]:
        """Yield the batches of the uploads that were read, or of which the reading began."""
        registry = wiring.registry(wiring.Clients(self._account, Faults()))
        for each in self.uploads:
            batch = registry.load(each.job.batch_id)
            if batch is not None:
                rows = [history.cover(*row, each.number) for row in each.rows]
                is_abandoned = batch.abandoned_at is not None
                yield Batch(header=each.job.header, rows=rows, abandoned=is_abandoned)

    def settle(self) -> bool:
        """Read all that is left, redrive what failed; return whether nothing had to be done."""
        was_idle = not (self.service.queue.messages or self._letters())
        while self.service.read(0, (), slow=False):
            pass
        for letter in self._letters():
            if letter.body in self.given_up:
                self.drop_letter(letter, ())
            else:
                self.redrive(letter, ())
        return was_idle and not self.left()

    def left(self) -> list[str]:
        """Return the files that are still to be read."""
        abandoned = {each.header.batch_id for each in self.batches() if each.abandoned}
        stays = {
            (each.upload.key, each.upload.version)
            for each in self.uploads
            if each.job.batch_id in abandoned or self._is_given_up(each)
        }
        return [
            key
            for key, versions in self.service.bucket.objects.items()
            for version in versions
            if key.startswith(CSV_FOLDER) and (key, version.version_id) not in stays
        ]

    def _is_given_up(self, uploaded: Uploaded) -> bool:
        """Return whether a letter of the upload was dropped, and its batch never began."""
        version = uploaded.upload.version
        return any(f'"{version}"' in body for body in self.given_up)

    def _upload(self, file: int, *, announced: bool) -> None:
        plan = self._plans[file % len(self._plans)]
        rows = [(creator, _lasting(image)) for creator, image in plan.rows]
        number = FIRST_BATCH + len(self.uploads)
        key = f"{CSV_FOLDER}file-{file % len(self._plans)}.csv"
        now_s = self._account.clock()
        version = self.service.bucket.upload(key, csv_of(rows, number), now_s)
        upload = Upload(
            bucket=INPUT,
            key=key,
            etag=version.stored.etag.strip('"'),
            sequencer=f"{number:X}",
            version=version.version_id,
            uploaded_at=int(now_s),
        )
        job = job_of(upload, is_own=True)
        assert job is not None
        self.uploads.append(Uploaded(rows, number, upload, job))
        if announced:
            self._announce(upload)

    def _announce(self, upload: Upload) -> None:
        self.service.queue.send(msgspec.json.encode(announce(upload)).decode())

    def _letters(self) -> list[Message]:
        return list(self.service.dead_letters.messages.values())

    def redrive(self, letter: Message, faults: Iterable[Fault]) -> None:
        """Send a letter to the queue, then delete it, as `ops-dashboard dlq redrive` does."""
        own = Faults(faults or self._account.scheduled("redrive"))
        sqs = wiring.Clients(self._account, own).of_files(self.service.sqs, "sqs")
        with _failing():
            sqs.send_message(QueueUrl="https://sqs/intake", MessageBody=letter.body)
            self.service.dead_letters.delete(f"{letter.message_id}/redriven")
        self._account.record("redrive", own)

    def drop_letter(self, letter: Message, faults: Iterable[Fault]) -> None:
        """Drop a letter with the code of `ops-dashboard dlq drop`."""
        self.given_up.add(letter.body)
        own = Faults(faults or self._account.scheduled("drop"))
        clients = wiring.Clients(self._account, own)
        outputs = stack_outputs(output_bucket="output")
        loop = asyncio.new_event_loop()

        def abandon(_: object, batch_id: str, __: str) -> None:
            batch = wiring.registry(clients).abandon(batch_id, "a person")
            loop.run_until_complete(send_marks(clients.kinesis, self._account.kinesis.name, batch))

        with _failing(), patch.object(dropping, "abandon_in", abandon):
            jobs = letter_jobs(clients.s3, clients.dynamodb, outputs)
            ends = dropping.abandoning(wiring.registry(clients), jobs, outputs)
            queues: Any = _Queues(self.service, letter)
            records: Any = None
            dropping.Drop(queues, records, clients.s3, outputs, ends).run([queues.letter])
        loop.close()
        self._account.record("drop", own)


class _Queues:
    """The dead-letter queues with one letter, for `Drop`."""

    def __init__(self, service: FileService, message: Message) -> None:
        self._service, self._message = service, message
        self.letter = DeadLetter(
            kind="intake",
            ref=message.message_id,
            id=message.message_id,
            when="2026-11-29T00:00:00Z",
            why="",
            tries=3,
            about="",
            body=message.body,
        )

    @contextmanager
    def received(self) -> Iterator[_Queues]:
        """Yield what receives and deletes."""
        yield self

    def messages(self, _: str) -> Iterator[ReceivedMessage]:
        """Yield the letter."""
        yield ReceivedMessage(dead_letter=self.letter, queue_url="", receipt="")

    def delete(self, _: ReceivedMessage) -> None:
        """Delete the letter."""
        self._service.dead_letters.delete(f"{self._message.message_id}/dropped")


@contextmanager
def _failing() -> Iterator[None]:
    with suppress(CoverstreamError, BotoCoreError, ClientError, KilledError):
        yield


def _lasting(image: int) -> int:
    """Return an image whose URL does not expire: files may be read at any time."""
    return image - (image % history.EXPIRING_EVERY == history.EXPIRING_EVERY - 1)


def csv_of(rows: Sequence[tuple[int, int]], number: int) -> bytes:
    """Return a file with these rows, as batch `number` has them."""
    text = io.StringIO()
    text.write(f"{_HEADER}\n")
    for creator, image in rows:
        spelling, url, created_at_ms = history.raw_cover(creator, image, number)
        text.write(f'"{spelling}",{url},{from_epoch_ms(created_at_ms).isoformat()}\n')
    return text.getvalue().encode()
