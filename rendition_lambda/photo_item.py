"""A photo's item in the table `photos`: its attributes and their codec. Pure.

The table's key is `gallery` and `photo`, its name (`places`): the object key in the bucket of
uploads. A second kind of item, ``name#<recipe>/<folder>/<stem>`` / ``name``, says which photo has a
stem (`names`). The sparse index `open-index` (`open`, `updated_at`) has the photos that are not as
they should stay, and `gallery-index` (`gallery`, `uploaded_at`) the photos of a gallery in the
order of their upload.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from rendition_lambda.recipe import Flip
from rendition_lambda.render.rendered import Box, PixelSource
from stream_ingest.contracts.errors import UnreadableItemError

PARTITION_KEY, SORT_KEY = "gallery", "photo"
TTL_ATTRIBUTE = "expires_at"
OPEN_INDEX, OPEN, UPDATED_AT = "open-index", "open", "updated_at"
GALLERY_INDEX, UPLOADED_AT, STATUS = "gallery-index", "uploaded_at", "status"
NAME_ITEM = "name"
"""Sort key of the item of a claimed stem; no photo that shares its partition has this key."""


class PhotoStatus(StrEnum):
    """Life of a photo: pending → processing → active, failed or skipped; deleted."""

    PENDING = "pending"
    """Its upload was signed, and it has not arrived."""
    PROCESSING = "processing"
    ACTIVE = "active"
    """Its outputs exist; also while a newer version of it is rendered."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """It is no photo: a video, a sidecar, text, or an empty object."""
    DELETED = "deleted"


_OPEN = frozenset({PhotoStatus.PENDING, PhotoStatus.PROCESSING, PhotoStatus.FAILED})
UNANNOUNCED = "unannounced"
"""Value of `open` of a photo whose last event is not on the bus, or that is at its last try."""


class OutputFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One output of a photo in the bucket of renditions."""

    key: str
    bytes: int
    width: int
    height: int
    sha256: str = ""
    box: Box | None = None
    """Where the picture lies in an output that is padded."""
    scale: float | None = None
    """Pixels of that output for one pixel of the upright original."""
    angle: int = 0
    """Degrees by which it is turned clockwise, after it was flipped."""
    flip: Flip = ""
    crop: Box | None = None
    """Part of the upright original that is in the output, in its pixels; None if all of it is."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is to be put on the bus: an entry of the outbox."""

    detail_type: str
    detail: str
    """JSON."""


class Photo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A photo's item. Times are ISO 8601 in UTC, or epoch seconds where the name says so."""

    gallery: str
    photo: str
    status: PhotoStatus
    revision: int = 0
    """Number of its writes; each is made under the condition that it is the next one."""
    owner: str = ""
    """Whoever wrote it last: one receipt of one message."""
    lease_until: int = 0
    """Epoch second at which the owner's lease ends; 0 if the owner has finished."""
    attempts: int = 0
    """Number of claims for the work that the item last recorded the end of."""
    version: str = ""
    """Version of the original that the status is about: its version id in S3, or its ETag in a
    bucket that keeps no versions."""
    etag: str = ""
    bytes: int = 0
    recipe: str = ""
    recipe_version: str = ""
    stem: str = ""
    keys: tuple[str, ...] = ()
    """Every object of the photo that may be in the bucket of renditions."""
    outputs: dict[str, OutputFacts] = {}
    urls: dict[str, str] = {}
    """Addresses by output; attributes ``<output>_url`` of the item."""
    width: int | None = None
    height: int | None = None
    format: str = ""
    source: PixelSource | None = None
    hdr: bool | None = None
    taken_at: str = ""
    uploaded_at: str = ""
    """When S3 received the original; if it has not arrived, when its upload was signed. Empty in
    items that no index lists by it yet."""
    processed_at: str = ""
    updated_at: str = ""
    reason: str = ""
    detail: str = ""
    expires_at: int | None = None
    """Epoch second from which DynamoDB may remove the item."""
    run: str = ""
    """The last request to render many photos again that has claimed it."""
    tried: str = ""
    """The version and recipe (`lifecycle.last_try`) of a claim that may be the last one."""
    outbox: Announcement | None = None
    others: dict[str, Any] = {}
    """Attributes that this release does not know; they stay."""

    @property
    def original_key(self) -> str:
        """Key of the original in the bucket of uploads; of one in another bucket its address."""
        return self.photo

    @property
    def is_finished(self) -> bool:
        """Whether its last owner has recorded how the work ended."""
        return self.lease_until == 0

    @property
    def open(self) -> str | None:
        """Return its entry in the sparse index; None for a photo that may stay as it is."""
        if self.outbox is not None:
            return UNANNOUNCED
        if self.status is PhotoStatus.ACTIVE and not self.is_finished:
            return str(PhotoStatus.PROCESSING)
        return str(self.status) if self.status in _OPEN else None


_URL = "_url"
_OWN = frozenset(each.encode_name for each in msgspec.structs.fields(Photo)) - {"urls", "others"}
_DERIVED = frozenset({"original_key", OPEN})


def to_item(photo: Photo) -> dict[str, Any]:
    """Return the attributes of a photo's item."""
    item = msgspec.to_builtins(replace(photo, urls={}, others={}))
    for facts in item.get("outputs", {}).values():
        if "scale" in facts:
            facts["scale"] = Decimal(repr(facts["scale"]))
    derived = {"original_key": photo.original_key, OPEN: photo.open}
    addresses = {f"{_attribute(name)}{_URL}": url for name, url in photo.urls.items()}
    return {**photo.others, **item, **addresses, **derived}


def from_item(item: Mapping[str, Any]) -> Photo:
    """Return the photo of an item; raises `UnreadableItemError` that names the attribute."""
    own = {name: plain(value) for name, value in item.items() if name in _OWN}
    names = {_attribute(name): name for name in own.get("outputs", {})}
    urls: dict[str, str] = {}
    others: dict[str, Any] = {}
    for name, value in item.items():
        output = names.get(name.removesuffix(_URL))
        if output is not None and name.endswith(_URL):
            urls[output] = value
        elif name not in _OWN | _DERIVED:
            others[name] = value
    try:
        return replace(msgspec.convert(own, Photo), urls=urls, others=others)
    except msgspec.ValidationError as error:
        key = str(item.get(PARTITION_KEY)), str(item.get(SORT_KEY))
        raise UnreadableItemError(*key, str(error)) from error


def _attribute(output: str) -> str:
    """Return the beginning of an output's attribute: ``90_degree_url`` needs no quoting in SQL."""
    return output.replace("-", "_")


def plain(value: Any) -> Any:  # noqa: ANN401 - a value of DynamoDB
    """Return a value with whole numbers as `int` and others as `float`."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
