"""The reference of settings, variables, events, table and S3 keys. Edge (files)."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain

import msgspec

from collage_lambda import reasons
from collage_lambda.output.key_template import DEFAULT_TEMPLATE
from collage_lambda.output.keys import keys_of
from rendition_lambda import reasons as photo_reasons
from stream_ingest.contracts import batch_options, environment, table
from stream_ingest.contracts.events import EMITTED, PrefetchedCover, WindowImage, WindowReady
from stream_ingest.contracts.settings import (
    BatchSettings,
    CollageLayout,
    DownloadLimits,
    FlushPolicy,
)
from stream_ingest.intake import request_message
from tools.markdown import markdown_table
from tools.source_text import constant_docs, field_docs, prose
from tools.stack_settings import load_stack_settings

_PLAIN_TYPES = {
    "NoneType": "null",
    "UnsetType": "absent",
    "BoolType": "true or false",
    "DateTimeType": "date and time",
}
_FIELDS = ("name", "type", "default", "meaning")


_COMMON_FIELDS = {
    "background": "colour of empty cells",
    "batch_id": "name of the batch",
    "bucket": "output bucket",
    "bytes": "size of the collage's file",
    "cell_px": "width and height of a cell in pixels",
    "closed_at": "time at which the window closed",
    "closed_because": "reason why the window closed",
    "collages": "windows with a collage",
    "cols": "columns of cells",
    "created_at": "time at which the cover was created, from its row",
    "creator": "name of the creator",
    "creators": "creators with covers about to expire",
    "detail": "more about the reason, for people",
    "failures": "number of empty cells by [reason](reasons.md#empty-cells)",
    "fallbacks": "other URLs of the same image",
    "flush": "when windows that are not full close",
    "gallery": "gallery of the photo",
    "height": "height of the photo's upright original in pixels",
    "height_px": "height of the collage in pixels",
    "identity": "what identifies the image ([facts](../facts.md#image-identity))",
    "idle_s": "seconds after the last image, for `idle`",
    "image_count": "number of images of the window",
    "images": "images in cell order, row by row",
    "images_failed": "cells that stayed empty",
    "images_key": "object in the temp bucket with the images, if they are too long for an event",
    "images_ok": "cells that show their image",
    "images_per_window": "maximum number of images in a window",
    "key": "key of the collage",
    "keys": "keys of the outputs, by output",
    "kind": "`never`: when full; `idle`: after `idle_s`; `batch-end`: when the batch has ended",
    "layout": "layout of the collage",
    "length": "number of bytes",
    "metadata_key": "key of the metadata",
    "offset": "first byte in the pack",
    "photo": "key of the photo's original in the bucket of uploads",
    "processing_config": "how the batch is run",
    "processing_type": "kind of the request",
    "quality": "JPEG quality",
    "reason": "why there is no collage, or why a photo has no outputs",
    "recipe": "name of the photo's recipe: `renditions` or `augmentation`",
    "recipe_version": "hash of the recipe",
    "refused": "number of refused rows by [reason](reasons.md#refused-rows)",
    "renditions_bucket": "bucket of the outputs",
    "replay": "name of the replay that built it again, if any",
    "rows": "rows of cells",
    "rows_accepted": "rows that became an image of a window",
    "rows_read": "rows that the batch read",
    "s3_bucket": "the stack's input bucket",
    "s3_key": "key of the file",
    "schema": "version of the event",
    "sha256": "hash of the bytes, in hexadecimal",
    "summary_key": "key of the batch's summary in the output bucket",
    "thumbnail_key": "key of the thumbnail",
    "trigger": "how the batch came in, such as `mysql-push`",
    "url": "URL of the image",
    "urls": "addresses of the outputs, by output",
    "url_expires_at": "time at which the link stops working at the latest",
    "width": "width of the photo's upright original in pixels",
    "width_px": "width of the collage in pixels",
    "version": "version of the photo's original",
    "window_id": "id of the window, such as `charli:000012`",
    "windows": "windows of the batch",
}
"""Meanings of fields that have no documentation in their struct."""


def struct_table(struct: type[msgspec.Struct]) -> str:
    """Return the fields of a struct, one per row."""
    docs = field_docs(sys.modules[struct.__module__], struct.__name__)
    return _fields_table(_types(struct), docs)


def _fields_table(fields: Iterable[msgspec.inspect.Field], docs: Mapping[str, str]) -> str:
    rows = [
        (
            f"`{field.encode_name}`",
            _type(field.type),
            _default(field),
            docs.get(field.name) or _COMMON_FIELDS.get(field.name, ""),
        )
        for field in fields
    ]
    return markdown_table(_FIELDS, rows)


def batch_settings() -> str:
    """Return the settings of a batch with its layout and flush policy."""
    parts = (BatchSettings, CollageLayout, FlushPolicy, DownloadLimits)
    return "\n".join(f"\n### {part.__name__}\n{struct_table(part)}" for part in parts)


def request_table() -> str:
    """Return the options in the `processing_config` of a request, one per row."""
    docs = field_docs(batch_options, "BatchOptions")
    fields = {field.name: field for field in _types(batch_options.BatchOptions)}
    others = {option: name for name, option in request_message.OTHER_NAMES.items()}
    rows = [(f"`{batch_options.GRID}`", "text", "short for `rows` and `cols`: `5x7`")]
    for name, field in fields.items():
        names = f"`{name}`, `{others[name]}`" if name in others else f"`{name}`"
        rows.append((names, _type(field.type).removesuffix(" or null"), docs[name]))
    return markdown_table(("name", "type", "meaning"), rows)


def events_reference() -> str:
    """Return a section for each event with its fields."""
    sections = []
    for event in dict.fromkeys(chain.from_iterable(EMITTED.values())):
        docs = prose(event.__doc__ or "")
        sections.append(f"\n### {event.detail_type()}\n\n{docs}\n{struct_table(event)}")
    for part in (WindowImage, PrefetchedCover):
        docs = prose(part.__doc__ or "")
        sections.append(f"\n### {part.__name__}\n\n{docs}\n{struct_table(part)}")
    return "\n".join(sections)


def environment_table() -> str:
    """Return the environment variables of the functions, one per row."""
    docs = constant_docs(environment)
    rows = [
        (f"`{value}`", docs[name])
        for name, value in vars(environment).items()
        if name.isupper() and isinstance(value, str)
    ]
    return markdown_table(("variable", "meaning"), rows)


def stack_settings() -> str:
    """Return the settings of a stack: a section for each group, a row for each setting."""
    groups = reversed(load_stack_settings().Settings.__mro__)
    return "\n".join(_group(each) for each in groups if inspect.get_annotations(each))


def _group(group: type) -> str:
    """Return a section with the fields that a struct adds to those of its base."""
    docs = field_docs(sys.modules[group.__module__], group.__name__)
    title = (group.__doc__ or "").rstrip(".")
    fields = (field for field in _types(group) if field.name in docs)
    return f"\n## {title}\n{_fields_table(fields, docs)}"


def layout_table() -> str:
    """Return the fields of a collage's layout."""
    return struct_table(CollageLayout)


def download_limits_table() -> str:
    """Return the fields of a batch's limits of downloads."""
    return struct_table(DownloadLimits)


def failures_table() -> str:
    """Return the reasons for which a cell stays empty."""
    docs = field_docs(reasons, "FailureReason")
    rows = [
        (f"`{reason}`", "yes" if reason.is_passing else "", docs[reason.name])
        for reason in reasons.FailureReason
    ]
    return markdown_table(("reason", "`retry` fetches it again", "meaning"), rows)


def photo_failures_table() -> str:
    """Return the reasons for which a photo has no outputs."""
    docs = field_docs(photo_reasons, "PhotoFailure")
    rows = [(f"`{reason}`", docs[reason.name]) for reason in photo_reasons.PhotoFailure]
    return markdown_table(("reason", "meaning"), rows)


def items_table() -> str:
    """Return the kinds of items in the table, from the docstring of its module."""
    lines = (table.__doc__ or "").splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("====")]
    starts = [0, *(at + 1 for at, char in enumerate(lines[rules[0]]) if char == " ")]
    columns = [at for at in starts if lines[rules[0]][at] == "="]
    rows = []
    for line in lines[rules[1] + 1 : rules[2]]:
        cells = [line[a:b].strip() for a, b in zip(columns, [*columns[1:], None], strict=True)]
        rows.append((f"`{cells[0]}`", f"`{cells[1]}`", prose(cells[2])))
    return markdown_table(("`creator_name`", "`item`", "what it is"), rows)


def window_keys_table() -> str:
    """Return the keys of one window's objects, for a window of the demo."""
    event = WindowReady(
        window_id="charli:000012",
        creator="charli",
        batch_id="push-1",
        trigger="mysql-push",
        closed_at=datetime(2026, 11, 21, 14, 5, tzinfo=UTC),
        closed_because="full",
        layout=CollageLayout(),
        image_count=1,
        images=(WindowImage(identity="-", url="-", created_at=datetime(2026, 11, 21, tzinfo=UTC)),),
        key_template=DEFAULT_TEMPLATE,
    )
    keys = keys_of(event)
    named = msgspec.structs.asdict(keys).items()
    rows = [(name, f"`{value}`") for name, value in named if isinstance(value, str)]
    return markdown_table(("object", "key"), rows)


def _types(struct: type) -> Iterator[msgspec.inspect.Field]:
    found = msgspec.inspect.type_info(struct)
    assert isinstance(found, msgspec.inspect.StructType)  # noqa: S101 - callers pass structs
    yield from found.fields


def _default(field: msgspec.inspect.Field) -> str:
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT:
        return "empty"
    return _shown(field.default)


def _shown(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        return "its defaults"
    if value in (None, "", (), msgspec.UNSET):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(kind: msgspec.inspect.Type) -> str:  # noqa: PLR0911 - one return for each kind
    match kind:
        case msgspec.inspect.Metadata(type=described):
            return _type(described)
        case msgspec.inspect.UnionType(types=types):
            return " or ".join(map(_type, types))
        case msgspec.inspect.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case msgspec.inspect.VarTupleType(item_type=item):
            return f"list of {_type(item)}"
        case msgspec.inspect.DictType(value_type=value):
            return f"object, values {_type(value)}"
        case msgspec.inspect.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case msgspec.inspect.IntType(ge=low, le=high):
            return _range(low, high)
        case msgspec.inspect.StrType(max_length=longest):
            return "text" if longest is None else f"text, up to {longest} characters"
    return _PLAIN_TYPES[type(kind).__name__]


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return "whole number"
    return f"{low:,} or more" if high is None else f"{low:,} to {high:,}"
