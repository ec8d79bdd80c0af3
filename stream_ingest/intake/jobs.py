"""Jobs of the intake: one object, read as one batch. Pure.

A job follows from its message, so a message that comes twice names the same job. Uploads are
distinguished by key, ETag and version (`distinguishing`): the same upload announced twice, or
announced and found by the sweeper, is one batch; the same bytes uploaded again are another (whose
rows are then all duplicates).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

import msgspec

from stream_ingest.contracts.batch_options import (
    NO_OPTIONS,
    BatchOptions,
    file_defaults,
    settings_of,
)
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import MAX_BATCH_ID
from stream_ingest.contracts.reading import Reading
from stream_ingest.contracts.triggers import Trigger
from stream_ingest.intake.uploads import Upload
from stream_ingest.records.codec import BatchHeader

S3_TRIGGER = Trigger.S3_TRIGGER.value
CSV_FOLDER = "csv-files/"
CSV_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
"""Names of CSV files, in any case."""
OWNER_PREFIX = "intake-"
"""Beginning of the owners of the batches that the intake sends."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._\-]+")
_SUFFIX = re.compile(r"\.(?:csv|tsv|txt)(?:\.gz)?\Z", re.IGNORECASE)
_IGNORED = re.compile(
    r"""
    | .*/ |                                       # folders
    (?:.*/)? (?:
        \. [^/]* | ~\$ [^/]* |                    # hidden files, locks of Office
        _(?:SUCCESS|committed_|started_|temporary/) .* |
        thumbs\.db | desktop\.ini | [^/]*_\$folder\$ |
        [^/]*\.(?:tmp|part|partial|filepart|crdownload|crc|errors\.json) |
        __MACOSX/.*
    )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""Keys below `CSV_FOLDER` that programs make by themselves, and that nobody wants to be read."""
_DIGEST_LENGTH = 16


class ObjectId(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of one object."""

    bucket: str
    key: str
    etag: str
    """Without quotes."""
    version: str | None = None
    """None if the bucket keeps no versions."""

    @property
    def uri(self) -> str:
        """Address for people: ``s3://bucket/key?versionId=…``."""
        version = f"?versionId={self.version}" if self.version else ""
        return f"s3://{self.bucket}/{self.key}{version}"

    def request(self) -> dict[str, Any]:
        """Return the arguments that name this version in a request."""
        named = {"Bucket": self.bucket, "Key": self.key}
        if self.version is not None:
            return {**named, "VersionId": self.version}
        return {**named, "IfMatch": f'"{self.etag}"'}


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One object to be read as one batch."""

    object: ObjectId
    header: BatchHeader
    moves: bool
    """Whether the file moves to ``archived/`` in the end."""
    ignored: dict[str, int] = msgspec.field(default_factory=dict, name="asked")
    """Options without effect in requests of earlier versions."""
    requested: str = ""
    """`request_message.BatchRequest.digest`; empty for a dropped file."""
    notes: tuple[str, ...] = ()
    """One sentence for each field of the request that has no effect."""
    reading: Reading | msgspec.UnsetType = msgspec.UNSET
    """How the request wants the file to be read; absent, as functions of an earlier version need
    it, if it says nothing."""

    @property
    def batch_id(self) -> str:
        """Id of the batch."""
        return self.header.batch_id

    @property
    def owner(self) -> str:
        """Who registers the batch: the request or the upload, however often it arrives."""
        identity = (self.object.bucket, self.object.key, self.object.etag, self.object.version)
        named = msgspec.json.encode((identity, self.requested))
        return f"{OWNER_PREFIX}{hashlib.sha256(named).hexdigest()[:_DIGEST_LENGTH]}"


class Order(NamedTuple):
    """A job that a message stands for."""

    job: Job
    uploaded_at: int | None = None
    """When S3 announced its file (epoch s); None if no event says it."""


class Continuation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The message by which an invocation that runs out of time has the next one continue."""

    job: Job = msgspec.field(name="go_on")


def is_wanted(key: str, *, is_own: bool) -> bool:
    """Return whether an upload is read.

    In the input bucket (`is_own`) that is every file below `CSV_FOLDER`, whatever its name, so that
    one that cannot be read is rejected with its reason; but not what programs put there by
    themselves (`_IGNORED`). The folders of other buckets are not ours to choose, and they may hold
    anything: of them, files are read that have a CSV file's name.
    """
    if not is_own:
        return key.lower().endswith(CSV_SUFFIXES)
    return key.startswith(CSV_FOLDER) and not _IGNORED.fullmatch(key.removeprefix(CSV_FOLDER))


def job_of(upload: Upload, defaults: BatchOptions = NO_OPTIONS, *, is_own: bool) -> Job | None:
    """Return the job of an upload; None for one that is not read (`is_wanted`).

    Its batch gets the stack's `defaults`, and its windows close when it ends. Files of the input
    bucket (`is_own`) move when they were read, those of others stay where they are.
    """
    if not is_wanted(upload.key, is_own=is_own):
        return None
    settings = settings_of(file_defaults(defaults))
    batch_id = batch_id_of("csv", upload.key, upload.bucket, upload.key, *distinguishing(upload))
    return Job(
        object=ObjectId(
            bucket=upload.bucket, key=upload.key, etag=upload.etag, version=upload.version
        ),
        header=BatchHeader(batch_id=batch_id, trigger=S3_TRIGGER, settings=settings),
        moves=is_own,
    )


def distinguishing(upload: Upload) -> tuple[str, str, str]:
    """Return what distinguishes an upload from others of its key.

    A version does, and where there are none the time of the upload: both are in a listing, too. A
    sequencer is only in S3's events, so it counts for nothing unless both others are unknown.
    """
    if upload.version is not None:
        return upload.etag, "", upload.version
    if upload.modified_at is not None:
        return upload.etag, "", f"at-{upload.modified_at}"
    return upload.etag, upload.sequencer, ""


def former_batch_id(upload: Upload) -> str:
    """Return the batch id that earlier versions gave to an upload that S3 announced."""
    parts = (upload.bucket, upload.key, upload.etag, upload.sequencer, upload.version or "")
    return batch_id_of("csv", upload.key, *parts)


def batch_id_of(kind: str, key: str, *parts: str) -> str:
    """Return a batch id: kind and name of the file for people, and a hash of `parts`.

    The name is whole but for its suffix, unless the id would exceed `MAX_BATCH_ID` characters;
    runs of characters that an id cannot have become a dash.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST_LENGTH]
    name = _SUFFIX.sub("", key.rpartition("/")[2])
    stem = _UNSAFE.sub("-", name).strip(".-")[: MAX_BATCH_ID - len(f"{kind}--{digest}")]
    return "-".join(filter(None, (kind, stem, digest)))


def encode_job(job: Job) -> str:
    """Return a job as JSON."""
    return msgspec.json.encode(job).decode()


def decode_job(text: str) -> Job:
    """Return the job that `encode_job` wrote."""
    try:
        return msgspec.json.decode(text, type=Job)
    except msgspec.DecodeError as error:
        msg = f"job: {error}"
        raise DecodeError(msg) from error


def encode_continuation(job: Job) -> str:
    """Return the body of the message that continues a job."""
    return msgspec.json.encode(Continuation(job=job)).decode()


def decode_body(body: str) -> dict[str, Any]:
    """Return a message's JSON object; `DecodeError` for anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"the message is not a JSON object: {error}"
        raise DecodeError(msg) from error
