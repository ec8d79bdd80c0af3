"""The message that requests a controlled batch. Pure.

```json
{"processing_type": "csv_s3", "s3_bucket": "…-input-…", "s3_key": "manual-uploads/covers.csv",
 "output_prefix": "campaign-7/",
 "processing_config": {"group_by_creator": true, "rows": 5, "cols": 7, "quality": 95,
                       "max_images_per_creator": 35, "max_workers": 8, "timeout": 30,
                       "max_retries": 3}}
```

`processing_config` takes all options of a batch, `columns`, `dates` and `timezone` of the file, and
the names in `OTHER_NAMES` that pipelines used that processed a batch in one process. A wrong type
or a value out of range is an error that names the field. A field that is not known has no effect
and is noted, with the nearest name that is.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from stream_ingest.contracts.batch_options import (
    GRID,
    OPTIONS,
    BatchOptions,
    file_defaults,
    lay_over,
    read_options,
    settings_of,
)
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.naming import MAX_BATCH_ID
from stream_ingest.contracts.reading import (
    PLAIN_READING,
    READING,
    Reading,
    lay_reading_over,
    read_reading,
)
from stream_ingest.contracts.settings import BatchSettings, CollageLayout
from stream_ingest.records.codec import BATCH_ID_PATTERN

PROCESSING_TYPES = ("csv_s3", "csv_batch")
CONFIG = "processing_config"
MAX_IMAGES = "max_images_per_creator"
OTHER_NAMES = {
    MAX_IMAGES: "images_per_window",
    "timeout": "download_timeout_s",
    "max_retries": "download_tries",
    "max_workers": "downloads_at_once",
}
"""Names of options in `processing_config` besides their own."""
FIELDS = ("processing_type", "s3_bucket", "s3_key", "output_prefix", CONFIG, "batch_id", *READING)
CONFIG_FIELDS = (GRID, *OPTIONS, *OTHER_NAMES, *READING)
_BATCH_ID = re.compile(BATCH_ID_PATTERN)
_BUCKET_LENGTHS = (3, 63)
_KEY_LENGTHS = (1, 1_024)
_SIMILARITY = 0.7


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a message requests."""

    s3_bucket: str
    s3_key: str
    options: BatchOptions
    reading: Reading = PLAIN_READING
    """How the file is read."""
    capped: bool = False
    """Whether the number of images is a maximum that a smaller grid lowers (`MAX_IMAGES`)."""
    names: dict[str, str] = {}
    """The message's names of the options."""
    batch_id: str | None = None
    notes: tuple[str, ...] = ()
    """One sentence for each field that has no effect."""

    @property
    def digest(self) -> str:
        """A hash that two requests share if they request the same."""
        requested: tuple[object, ...] = (self.s3_bucket, self.s3_key, self.options, self.capped)
        if self.reading != PLAIN_READING:
            requested = (*requested, self.reading)
        return hashlib.sha256(msgspec.json.encode(requested)).hexdigest()

    def name_of(self, option: str) -> str:
        """Return the message's name of an option."""
        return self.names.get(option, f"{CONFIG}.{option}")


def read_request(content: dict[str, Any]) -> BatchRequest:
    """Return the request in a message's JSON; `UserError` names the field that is wrong."""
    if content.get("processing_type") not in {None, *PROCESSING_TYPES}:
        expected = " or ".join(PROCESSING_TYPES)
        msg = f"processing_type {content['processing_type']!r}: expected {expected}"
        raise UserError(msg)
    config = content.get(CONFIG) or {}
    if not isinstance(config, dict):
        msg = f"{CONFIG}: expected an object with options"
        raise UserError(msg)
    values, names = _values(config, content.get("output_prefix"))
    return BatchRequest(
        s3_bucket=_text(content, "s3_bucket", _BUCKET_LENGTHS),
        s3_key=_text(content, "s3_key", _KEY_LENGTHS),
        options=read_options(values, lambda option: names.get(option, option)),
        reading=_reading(content, config),
        capped=names.get("images_per_window") == f"{CONFIG}.{MAX_IMAGES}",
        names=names,
        batch_id=_batch_id(content.get("batch_id")),
        notes=(*_notes(content, FIELDS, ""), *_notes(config, CONFIG_FIELDS, f"{CONFIG}.")),
    )


def _reading(content: dict[str, Any], config: dict[str, Any]) -> Reading:
    """Return how to read the file; the options may be in the message or in its config."""
    inner = read_reading(config, lambda option: f"{CONFIG}.{option}")
    outer = read_reading(content)
    for option in READING:
        one, other = getattr(inner, option), getattr(outer, option)
        if one and other and one != other:
            msg = f"{option} and {CONFIG}.{option} contradict each other"
            raise UserError(msg)
    return lay_reading_over(inner, outer)


def option_of(name: str) -> str:
    """Return the option that a field of `processing_config` sets."""
    return OTHER_NAMES.get(name, name)


def request_settings(request: BatchRequest, defaults: BatchOptions) -> BatchSettings:
    """Return the settings of a request's batch on a stack with `defaults`.

    Its windows close when the batch ends, unless the request says something else.
    """
    merged = lay_over(request.options, file_defaults(defaults))
    if request.capped:
        cells = (merged.rows or CollageLayout().rows) * (merged.cols or CollageLayout().cols)
        images = min(merged.images_per_window or cells, cells)
        merged = msgspec.structs.replace(merged, images_per_window=images)
    return settings_of(merged, request.name_of)


def _values(config: dict[str, Any], prefix: object) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of the options, and their names in the message."""
    values: dict[str, Any] = {}
    names: dict[str, str] = {}
    written = [(f"{CONFIG}.{name}", name, value) for name, value in config.items()]
    written.append(("output_prefix", "output_prefix", prefix))
    for path, name, value in written:
        option = option_of(name)
        if value is None or (option != GRID and option not in OPTIONS):
            continue
        if name == "max_retries" and value == 0 and value is not False:
            value = 1  # noqa: PLW2901 - no retry is one attempt
        if values.setdefault(option, value) != value:
            msg = f"{names[option]} and {path} contradict each other"
            raise UserError(msg)
        names.setdefault(option, path)
    return values, names


def _text(content: dict[str, Any], name: str, lengths: tuple[int, int]) -> str:
    value = content.get(name)
    if value is None:
        msg = f"{name} is missing"
        raise UserError(msg)
    if not isinstance(value, str) or not lengths[0] <= len(value) <= lengths[1]:
        msg = f"{name}: expected text of {lengths[0]} to {lengths[1]:,} characters"
        raise UserError(msg)
    return value


def _batch_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _BATCH_ID.match(value):
        msg = (
            f"batch_id: expected 1 to {MAX_BATCH_ID} letters, digits, dots, underscores or dashes,"
            " the first a letter or digit"
        )
        raise UserError(msg)
    return value


def _notes(content: dict[str, Any], known: tuple[str, ...], path: str) -> Iterator[str]:
    """Yield a sentence for each field that is not known."""
    for name in content:
        if name in known:
            continue
        nearest = difflib.get_close_matches(name, known, 1, _SIMILARITY)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        yield f"{path}{name} is not a known field and has no effect{hint}"
