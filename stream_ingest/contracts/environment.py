"""Environment variables of the Lambdas, for their code and for the Pulumi program. Pure.

Names only, and one class that reads a mapping and reports all problems at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_ingest.contracts.errors import PermanentError

TABLE = "COVERSTREAM_TABLE"
BUS = "COVERSTREAM_BUS"
STREAM = "COVERSTREAM_STREAM"
INTAKE_QUEUE = "COVERSTREAM_INTAKE_QUEUE"
"""URL of the queue of the intake: uploads that S3 announces, requests, and what goes on later."""
INTAKE_DEAD_LETTERS = "COVERSTREAM_INTAKE_DEAD_LETTERS"
"""URL of the queue where the intake puts what it cannot do, with the reason."""
INPUT_BUCKET = "COVERSTREAM_INPUT_BUCKET"
OUTPUT_BUCKET = "COVERSTREAM_OUTPUT_BUCKET"
TEMP_BUCKET = "COVERSTREAM_TEMP_BUCKET"
ALLOWED_SOURCES = "COVERSTREAM_ALLOWED_SOURCES"
"""``host:port`` pairs, comma separated, that may be fetched though their address is not public."""
ALLOWED_PORTS = "COVERSTREAM_ALLOWED_PORTS"
"""Ports, comma separated, that may be fetched from (default any); allowed sources name theirs."""
PARTIAL_RESPONSES = "COVERSTREAM_PARTIAL_RESPONSES"
"""``trusted`` where the mapping honours batchItemFailures, ``raise`` where not (ministack)."""
DEDUP_HORIZON_DAYS = "COVERSTREAM_DEDUP_HORIZON_DAYS"
BY_CREATOR_COPY = "COVERSTREAM_BY_CREATOR_COPY"
"""``on`` or ``off``: whether each collage is stored a second time under collages/by-creator/."""
MAX_RECEIVES = "COVERSTREAM_MAX_RECEIVES"
"""How often a window's message is received before it is a dead letter."""
REFUSED_IMAGES = "COVERSTREAM_REFUSED_IMAGES"
"""sha256 digests, comma separated, of placeholders that are taken for missing images."""
PREFETCH_COVERS = "COVERSTREAM_PREFETCH_COVERS"
"""``on`` or ``off``: whether covers about to expire are prefetched; if not, their windows are
closed."""
PREFETCH_EXPIRE_DAYS = "COVERSTREAM_PREFETCH_EXPIRE_DAYS"
"""Days after which a lifecycle rule removes prefetched covers."""
KEEP_ORIGINALS = "COVERSTREAM_KEEP_ORIGINALS"
"""``on`` or ``off``: whether a window's downloaded originals are kept for a replay."""
DOWNLOADS = "COVERSTREAM_DOWNLOADS"
"""Requests that one collage invocation runs at once (default 64)."""
DOWNLOADS_PER_HOST = "COVERSTREAM_DOWNLOADS_PER_HOST"
"""Requests that it runs at once to one host (default 40)."""
MEMORY_MB = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
"""Set by Lambda itself."""
COLLAGE_URL_LIFE_S = "COVERSTREAM_COLLAGE_URL_LIFE_S"
"""Seconds for which the link in a `CollageCreated` event works (default 3600; 0: no link)."""
METRICS_NAMESPACE = "COVERSTREAM_METRICS_NAMESPACE"
"""CloudWatch namespace of the stack's metrics (`stream_ingest.contracts.metrics.namespace_of`)."""


class SettingsError(PermanentError):
    """Variables are missing or wrong; the message lists every one of them."""


class Variables:
    """Reads variables out of `mapping` and collects every problem until `check`."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        """Read from `mapping`, usually ``os.environ``."""
        self._mapping = mapping
        self._problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """Return a variable; one that is missing and has no default is a problem."""
        value = self._mapping.get(name, default)
        if not value and default is None:
            self._problems.append(f"{name} is not set")
        return value or ""

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of `choices`; anything else is a problem."""
        value = self._mapping.get(name, default)
        if value not in choices:
            self._problems.append(f"{name} is {value!r}, not one of {', '.join(choices)}")
        return value

    def whole(self, name: str, default: int, least: int = 1) -> int:
        """Return a whole number of at least `least`; anything else is a problem."""
        raw = self._mapping.get(name, str(default))
        if not raw.isdecimal() or int(raw) < least:
            self._problems.append(f"{name} is {raw!r}, not a whole number from {least}")
            return default
        return int(raw)

    def problem(self, text: str) -> None:
        """Note a problem that the caller found in a variable's text."""
        self._problems.append(text)

    def check(self) -> None:
        """Raise `SettingsError` with every problem seen so far."""
        if self._problems:
            raise SettingsError("; ".join(self._problems))
