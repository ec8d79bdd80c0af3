"""Environment variables of the Lambdas, for their code and for the Pulumi program. Pure.

Every variable is mandatory: the only defaults are those of the stack's settings
(`pulumi/setting_groups/`), and `pulumi/functions.py` passes them all.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_ingest.contracts.errors import PermanentError

ACCOUNT = "COVERSTREAM_ACCOUNT"
"""Id of the account that owns the stack's buckets."""
TABLE = "COVERSTREAM_TABLE"
"""Name of the DynamoDB table."""
BUS = "COVERSTREAM_BUS"
"""Name of the EventBridge bus."""
STREAM = "COVERSTREAM_STREAM"
"""Name of the Kinesis stream."""
QUEUE = "COVERSTREAM_QUEUE"
"""URL of the queue whose messages a collage or prefetch function works off."""
INTAKE_QUEUE = "COVERSTREAM_INTAKE_QUEUE"
"""URL of the intake's queue: uploads that S3 announces, batch requests, and continuations."""
INTAKE_DEAD_LETTERS = "COVERSTREAM_INTAKE_DEAD_LETTERS"
"""URL of the queue to which the intake sends what it cannot process, with the reason."""
INPUT_BUCKET = "COVERSTREAM_INPUT_BUCKET"
"""Bucket of dropped and requested files."""
ALLOWED_INPUT_BUCKETS = "COVERSTREAM_ALLOWED_INPUT_BUCKETS"
"""Buckets, comma separated, besides the input bucket that the intake may read."""
BATCH_DEFAULTS = "COVERSTREAM_BATCH_DEFAULTS"
"""Options that a batch gets if it leaves them open, as JSON (`contracts.batch_options`)."""
CREATOR_CASE = "COVERSTREAM_CREATOR_CASE"
"""``keep`` or ``fold``: whether creators that differ by upper and lower case are one."""
OUTPUT_BUCKET = "COVERSTREAM_OUTPUT_BUCKET"
"""Bucket of collages, metadata and results."""
TEMP_BUCKET = "COVERSTREAM_TEMP_BUCKET"
"""Bucket of originals, prefetched covers and long image lists."""
ALLOWED_SOURCES = "COVERSTREAM_ALLOWED_SOURCES"
"""``host:port`` pairs, comma separated, that may be fetched even if their address is not public."""
ALLOWED_PORTS = "COVERSTREAM_ALLOWED_PORTS"
"""Ports, comma separated, that covers may be fetched from; empty means any.

`ALLOWED_SOURCES` are exempt.
"""
PARTIAL_RESPONSES = "COVERSTREAM_PARTIAL_RESPONSES"
"""``trusted`` if the event source mapping honours batchItemFailures, ``raise`` if it does not
(ministack)."""
DEDUP_HORIZON_DAYS = "COVERSTREAM_DEDUP_HORIZON_DAYS"
"""Days for which an image of a creator is remembered and not accepted again."""
CONTENT_DEDUP = "COVERSTREAM_CONTENT_DEDUP"
"""``on`` or ``off``: whether a creator's images are compared by their bytes across windows."""
KEY_TEMPLATE = "COVERSTREAM_KEY_TEMPLATE"
"""Form of the keys of windows that close from now on, below ``collages/`` and so on."""
BY_CREATOR_COPY = "COVERSTREAM_BY_CREATOR_COPY"
"""``on`` or ``off``: whether each collage is stored a second time under collages/by-creator/."""
MAX_RECEIVES = "COVERSTREAM_MAX_RECEIVES"
"""How often a message is received before it becomes a dead letter: a window's message for the
sweeper, a file's or a request's for the intake."""
DELIVERY_S = "COVERSTREAM_DELIVERY_S"
"""Seconds after which a record of the stream was either processed or discarded: from then on no
batch waits for its end marks."""
REFUSED_IMAGES = "COVERSTREAM_REFUSED_IMAGES"
"""sha256 digests, comma separated, of placeholders that count as missing images."""
PREFETCH_COVERS = "COVERSTREAM_PREFETCH_COVERS"
"""``on`` or ``off``: whether covers about to expire are prefetched; if not, their windows close."""
PREFETCH_EXPIRE_DAYS = "COVERSTREAM_PREFETCH_EXPIRE_DAYS"
"""Days after which a lifecycle rule removes prefetched covers."""
KEEP_ORIGINALS = "COVERSTREAM_KEEP_ORIGINALS"
"""``on`` or ``off``: whether a window's downloaded originals are stored for a replay."""
DOWNLOADS_AT_ONCE = "COVERSTREAM_DOWNLOADS_AT_ONCE"
"""Maximum number of requests that one invocation runs at once."""
DOWNLOADS_PER_HOST = "COVERSTREAM_DOWNLOADS_PER_HOST"
"""Maximum number of requests that one invocation runs at once to one host."""
DOWNLOAD_TIMEOUT_S = "COVERSTREAM_DOWNLOAD_TIMEOUT_S"
"""Seconds that one attempt to download an image may take."""
DOWNLOAD_TRIES = "COVERSTREAM_DOWNLOAD_TRIES"
"""Maximum number of attempts to download an image from one URL."""
DOWNLOAD_USER_AGENT = "COVERSTREAM_DOWNLOAD_USER_AGENT"
"""``User-Agent`` of downloads."""
MIN_SIDE_PX = "COVERSTREAM_MIN_SIDE_PX"
"""Smallest width and height that an image may have."""
SIMD_SCALING = "COVERSTREAM_SIMD_SCALING"
"""``on`` or ``off``: whether images may be scaled by pic-scale, not by Pillow alone."""
MEMORY_MB = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
"""Memory of the function; Lambda sets it."""
COLLAGE_URL_LIFE_S = "COVERSTREAM_COLLAGE_URL_LIFE_S"
"""Seconds for which the link in a `CollageCreated` event works; 0 means no link."""
PHOTOS_TABLE = "COVERSTREAM_PHOTOS_TABLE"
"""Name of the DynamoDB table of photos."""
UPLOADS_BUCKET = "COVERSTREAM_UPLOADS_BUCKET"
"""Bucket of photos as they were uploaded."""
RENDITIONS_BUCKET = "COVERSTREAM_RENDITIONS_BUCKET"
"""Bucket of renditions and rotations of photos."""
PHOTOS_OTHER_BUCKETS = "COVERSTREAM_PHOTOS_OTHER_BUCKETS"
"""Buckets, comma separated, besides the bucket of uploads whose photos may be rendered."""
PHOTOS_DOMAIN = "COVERSTREAM_PHOTOS_DOMAIN"
"""Domain that serves the bucket of renditions; empty if none does."""
PHOTOS_DISTRIBUTION = "COVERSTREAM_PHOTOS_DISTRIBUTION"
"""Id of the CloudFront distribution of the bucket of renditions; empty without one of the stack's
own."""
BACKFILL_QUEUE = "COVERSTREAM_BACKFILL_QUEUE"
"""URL of the queue of requests to render many photos."""
LINK_KEY = "COVERSTREAM_LINK_KEY"
"""ARN of the KMS key by which upload links are signed."""
METRICS_NAMESPACE = "COVERSTREAM_METRICS_NAMESPACE"
"""CloudWatch namespace of the stack's metrics (`stream_ingest.contracts.metrics.namespace_of`)."""


class SettingsError(PermanentError):
    """Variables are missing or wrong; the message lists every one of them."""


class Variables:
    """Reads variables from a mapping and collects every problem until `check`."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        """Read from `mapping`, usually ``os.environ``."""
        self._mapping = mapping
        self._problems: list[str] = []

    def text(self, name: str, *, allow_empty: bool = False) -> str:
        """Return a variable; it is a problem if it is not set or, by default, empty."""
        value = self._mapping.get(name)
        if value is None or (not value and not allow_empty):
            self.add_problem(f"{name} is not set")
        return value or ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the parts of a comma-separated variable, which may be empty."""
        text = self.text(name, allow_empty=True)
        return tuple(part for part in text.split(",") if part)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`; anything else is a problem."""
        value = self.text(name)
        if value and value not in choices:
            self.add_problem(f"{name} is {value!r}, not one of {', '.join(choices)}")
        return value

    def switch(self, name: str) -> bool:
        """Return whether a variable is ``on``; anything but ``on`` and ``off`` is a problem."""
        return self.choice(name, ("on", "off")) == "on"

    def integer(self, name: str, minimum: int = 1) -> int:
        """Return a whole number of at least `minimum`; anything else is a problem."""
        value = self.text(name)
        if value.isdecimal() and int(value) >= minimum:
            return int(value)
        if value:
            self.add_problem(f"{name} is {value!r}, not a whole number from {minimum}")
        return minimum

    def add_problem(self, problem: str) -> None:
        """Add a problem that the caller found in a variable's text."""
        self._problems.append(problem)

    def check(self) -> None:
        """Raise `SettingsError` with every problem found so far."""
        if self._problems:
            raise SettingsError("; ".join(self._problems))
