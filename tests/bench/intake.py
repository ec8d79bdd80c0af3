"""How fast the intake reads a large file, and with how much memory: a file on disk, no network.

    python -m tests.bench.intake 2000000

S3 is a file on disk, read in the intake's ranges; the stream accepts everything at once; chunks are
written to disk. So only our own work is measured: reading, validating, packing, checkpointing.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stream_ingest.batches.registry import Totals
from stream_ingest.intake.job_item import JobState
from stream_ingest.intake.job_runner import JobOutcome, JobRunner
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Job, ObjectId
from stream_ingest.records.codec import BatchHeader
from tests.fakes.ingest.rows import cover_url

_KB_PER_MB = 1024


class DiskS3:
    """Objects that are files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_object(self, *, Key: str, Range: str, **_: object) -> dict[str, Any]:  # noqa: N803 - AWS's
        path = self._folder / Key
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        with path.open("rb") as file:
            file.seek(first)
            body = file.read(last - first + 1)
        size = path.stat().st_size
        return {"Body": io.BytesIO(body), "ContentRange": f"bytes {first}-{last}/{size}"}

    def put_object(self, *, Body: bytes, **_: object) -> None:  # noqa: N803 - AWS's
        (self._folder / "written").write_bytes(Body)


class Stream:
    """Accepts every record."""

    async def put_records(self, *, Records: list[Any], **_: object) -> dict[str, Any]:  # noqa: N803 - AWS's
        return {"FailedRecordCount": 0, "Records": [{} for _ in Records]}


class Table(JobStore):
    """The job store without its item, with chunks on disk."""

    def claim(self, job: Job, owner: str, until_s: int) -> JobState:  # noqa: ARG002 - as in the job_store
        return JobState(job=job, started_at=0)

    def _update(self, *_: object, **__: object) -> dict[str, Any]:
        return {}


class Registry:
    """A batch registry that is never read."""

    def register(self, *_: object, **__: object) -> None:
        """Do nothing."""

    def record_totals(self, _: str, totals: Totals, *, sent: bool, **__: object) -> None:
        if sent:
            sys.stdout.write(f"{totals.rows_read:,} rows read, {totals.rows_sent:,} sent\n")


def write_file(path: Path, rows: int, creators: int = 20_000) -> None:
    """Write a file of signed URLs as a scraper finds them."""
    with path.open("w", encoding="utf-8") as file:
        file.write("creator_name,cover_url,created_at\n")
        for number in range(rows):
            url = cover_url(number, expires=1_999_999_999, signature=f"c2lnbmF0dXJl{number}")
            file.write(f"creator{number % creators},{url},2026-11-01 00:00:00\n")


def main() -> None:
    """Measure."""
    rows = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_file(folder / "rows.csv", rows)
        megabytes = (folder / "rows.csv").stat().st_size / 1e6
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB_PER_MB
        s3: Any = DiskS3(folder)
        job_store = Table(None, "table", s3, "temp", time.time)  # type: ignore[arg-type]
        parts: Any = {"kinesis": Stream(), "registry": Registry()}
        intake = JobRunner(
            s3=s3,
            stream="s",
            input_bucket="b",
            output_bucket="o",
            job_store=job_store,
            clock=time.time,
            **parts,
        )
        job = Job(
            object=ObjectId(bucket="b", key="rows.csv", etag="e"),
            header=BatchHeader(batch_id="bench", trigger="s3-trigger"),
            moves=False,
        )
        began, cpu = time.monotonic(), time.process_time()
        outcome = intake.run(job, "m", pause_at=float("inf"), ends_at=time.time() + 900)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB_PER_MB
    assert outcome is JobOutcome.DONE
    sys.stdout.write(
        f"{megabytes:,.0f} MB in {seconds:.1f} s ({cpu:.1f} s of CPU):"
        f" {rows / seconds:,.0f} rows/s,"
        f" {rows / cpu:,.0f} rows per CPU second; peak {peak:.0f} MB ({before:.0f} MB before)\n"
    )


if __name__ == "__main__":
    main()
