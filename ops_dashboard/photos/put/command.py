"""``ops-dashboard photos put``. Edge: the composition root."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock

import msgspec

from ops_dashboard.photos.items import PhotoItems
from ops_dashboard.photos.put.checkpoints import UploadCheckpoints
from ops_dashboard.photos.put.files import LocalPhoto, Refused, check_files
from ops_dashboard.photos.put.transfer import (
    PARTS_AT_ONCE,
    TRANSFER_CONFIG,
    Report,
    Sent,
    Transfer,
)
from ops_dashboard.photos.stack import PhotoStack
from ops_dashboard.photos.waiting import IsEnd, say_ends, wait_for
from ops_dashboard.printing.tables import safe
from ops_dashboard.printing.terminal import print_json, print_line
from rendition_lambda.photo_item import Photo
from rendition_lambda.uploading.request import UploadRefusedError
from rendition_lambda.uploading.signed import MAX_PUT_BYTES
from rendition_lambda.uploads import Uploads
from stream_ingest.aws import clients
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say, sigterm_interrupts
from stream_ingest.contracts.errors import PermanentError, TransientError

_MEGABYTE = 1 << 20
Outcomes = list[tuple[LocalPhoto, Sent]]


class PutReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of files: keys of those that are in the bucket, and reasons by path."""

    uploaded: list[str]
    there: list[str]
    """Keys that had the same bytes already."""
    refused: dict[str, str]
    ended: dict[str, str] = {}
    """By key, with --wait: the status, or the reason of a failure."""


class Put:
    """Uploads files to one stack."""

    def __init__(self, stack: str) -> None:
        """Look up the stack; raises `UserError` if it is not deployed or renders no photos."""
        self._stack = PhotoStack.open(stack)
        self._bucket = self._stack.outputs.uploads_bucket
        s3 = clients.session().client("s3", config=TRANSFER_CONFIG)
        self._transfer = Transfer(s3, self._bucket, UploadCheckpoints(self._bucket), time.time)

    def run(
        self, paths: Iterable[Path], gallery: str | None, *, replace: bool, wait: bool, json: bool
    ) -> None:
        """Upload all files that can be rendered; raises `PermanentError` if others were named."""
        photos, refused = check_files(paths, gallery, replace=replace)
        for each in refused:
            say(safe(f"{each.path}: not uploaded: {each.why}"))
        outcomes, exists = self._send(photos)
        refused += exists
        report = PutReport(
            uploaded=_keys(outcomes, Sent.UPLOADED),
            there=_keys(outcomes, Sent.THERE),
            refused={str(each.path): each.why for each in refused},
        )
        say(f"{len(report.uploaded):,} uploaded, {len(report.there):,} there already")
        ended = self._wait([each.upload.key for each, _ in outcomes]) if wait else {}
        if json:
            ends = {key: photo.reason or str(photo.status) for key, photo in ended.items()}
            print_json(msgspec.structs.replace(report, ended=ends))
        else:
            for photo, sent in outcomes:
                end = f": {ended[photo.upload.key].status}" if wait else ""
                print_line(f"{sent} s3://{self._bucket}/{photo.upload.key}{end}")
        problems = []
        if errors := sum(each.is_error for each in refused):
            problems.append(f"{errors:,} of {errors + len(outcomes):,} files were not uploaded")
        if failed := say_ends(ended):
            problems.append(f"{failed:,} of {len(ended):,} photos failed")
        if problems:
            raise PermanentError("; ".join(problems))

    def _send(
        self, photos: list[LocalPhoto]
    ) -> tuple[list[tuple[LocalPhoto, Sent]], list[Refused]]:
        outcomes: list[tuple[LocalPhoto, Sent]] = []
        refused: list[Refused] = []
        try:
            with sigterm_interrupts(), _progress(photos) as report:
                for photo, result in self._results(photos, report):
                    if isinstance(result, UploadRefusedError):
                        refused.append(Refused(path=photo.path, why=str(result)))
                        say(safe(f"{photo.path}: not uploaded: {result}"))
                    else:
                        outcomes.append((photo, result))
        except (KeyboardInterrupt, TransientError):
            say(f"{len(outcomes):,} of {len(photos):,} files are uploaded; repeat to continue")
            raise
        return outcomes, refused

    def _results(
        self, photos: list[LocalPhoto], report: Report
    ) -> Iterator[tuple[LocalPhoto, Sent | UploadRefusedError]]:
        """Send small files several at once, then large ones, of which several parts are at once."""
        small = [each for each in photos if each.upload.bytes <= MAX_PUT_BYTES]
        threads = ThreadPoolExecutor(PARTS_AT_ONCE, thread_name_prefix="file")
        try:
            yield from zip(small, threads.map(partial(self._one, report), small), strict=True)
        finally:
            threads.shutdown(cancel_futures=True)
        for photo in photos:
            if photo.upload.bytes > MAX_PUT_BYTES:
                yield photo, self._one(report, photo)

    def _one(self, report: Report, photo: LocalPhoto) -> Sent | UploadRefusedError:
        try:
            return self._transfer.send(photo, report)
        except UploadRefusedError as error:
            return error

    def _wait(self, keys: list[str]) -> dict[str, Photo]:
        """Wait until photos have ended in the versions that are in the bucket now."""
        outputs = self._stack.outputs
        uploads = Uploads(self._stack.s3, self._bucket)
        ends: dict[str, IsEnd] = {}
        for key in keys:
            original = uploads.find(key)
            if original is not None:
                ends[key] = partial(_has_version, original.version)
        items = PhotoItems(self._stack.dynamodb, outputs.table)
        return wait_for(items, ends, clock=time.monotonic, sleep=time.sleep)


def _has_version(version: str, photo: Photo) -> bool:
    return photo.version == version


def _keys(outcomes: Outcomes, wanted: Sent) -> list[str]:
    return [photo.upload.key for photo, sent in outcomes if sent is wanted]


@contextmanager
def _progress(photos: list[LocalPhoto]) -> Iterator[Report]:
    total, lock = sum(each.upload.bytes for each in photos), Lock()
    done = 0

    with show_progress("upload") as update:

        def report(size: int) -> None:
            nonlocal done
            with lock:
                done += size
                text = f"{done / _MEGABYTE:,.1f} of {total / _MEGABYTE:,.1f} MB"
                update(text, done, total)

        yield report
