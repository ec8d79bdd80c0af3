"""What photos cost, item by item: counts of one photo at list prices. Pure.

Counts are those of a photo that is rendered once, as `rendition_lambda` makes its requests; tests
compare them with the requests of the function, and the write units with those that the embedded
DynamoDB counts. What the function's CPU needs was measured, the rest of its time is assumed
(`measured`).
"""

from __future__ import annotations

import math

import msgspec

from ops_dashboard.monitoring.prices import Price, Prices
from ops_dashboard.planner.measured import Figures
from rendition_lambda.recipe import AUGMENTATION, RECIPES, RENDITIONS, Recipe
from rendition_lambda.uploading.signed import MAX_PUT_BYTES, PART_BYTES
from stream_ingest.contracts.errors import UserError

MEMORY_GB = 1_769 / 1_024
DEFAULT_MB = 8.0
"""Size of a JPEG of 24 megapixels."""
MAX_MB = 200.0
PER = 1_000
CHECK_S = 0.1
"""Seconds of the function for a photo of which no pixels are decoded."""
WRITE_UNITS = 15
"""Of a new photo: one for its name, 8 for the four writes of its item, the last two of which are of
three kilobytes, 4 for its entries in `open-index`, and 2 for those in `gallery-index`."""
CHECK_WRITE_UNITS = 10
"""Of a photo that is removed: 7 for the three writes of its item, 3 for its index entries."""
_HEADS, _GETS = 2, 1
_EVENT_REQUESTS = 3  # SQS: send, receive, delete
_GB = 1e9
_MB = 1e6
_LOG_BYTES = 1_500


class PhotoItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the bill."""

    what: str
    count: float
    price: Price

    @property
    def usd(self) -> float:
        """Cost of the item."""
        return self.count * self.price.one


class PhotoPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a number of photos of one size and recipe cost."""

    photos: int
    mb: float
    recipe: str
    items: list[PhotoItem]
    stored_gb: float
    """Originals and outputs."""
    served_gb: float
    """What viewers would fetch who look at every output once."""
    views: int
    """Number of their requests."""
    seconds: float
    """Of the function, for one photo."""

    @property
    def usd(self) -> float:
        """Cost of uploading and rendering all of them, once."""
        return sum(item.usd for item in self.items)

    @property
    def per_thousand(self) -> float:
        """Cost of 1,000 of them."""
        return self.usd * PER / self.photos


def plan_photos(photos: int, mb: float, figures: Figures, prices: Prices) -> list[PhotoPlan]:
    """Return the plan of each recipe that accepts the size; raises `UserError` for bad numbers."""
    if photos < 1:
        msg = f"--photos {photos}: nothing to plan; expected 1 or more"
        raise UserError(msg)
    if not 0 < mb <= MAX_MB:
        msg = f"--mb {mb:g}: expected more than 0 and at most {MAX_MB:g}, the largest photo"
        raise UserError(msg)
    fitting = [each for each in RECIPES.values() if mb * _MB <= each.max_bytes]
    return [_plan(photos, mb, recipe, figures, prices) for recipe in fitting]


def seconds_of(recipe: Recipe, mb: float, figures: Figures) -> float:
    """Return the function's seconds for a photo; half of them grow with the size of the file."""
    cpu_s = {
        RENDITIONS.name: figures.measured.renditions_cpu_s,
        AUGMENTATION.name: figures.measured.augmentation_cpu_s,
    }[recipe.name]
    return (cpu_s + figures.assumed.photo_network_s) * (1 + mb / DEFAULT_MB) / 2


def upload_items(mb: float, prices: Prices) -> list[PhotoItem]:
    """Return the items of one upload by our commands and pages, and of the event about it."""
    size = mb * _MB
    puts = 1 if size <= MAX_PUT_BYTES else 2 + math.ceil(size / PART_BYTES)  # begin and complete
    return [
        PhotoItem(what="upload", count=puts, price=prices.s3_put),
        PhotoItem(what="events", count=1, price=prices.event),
        PhotoItem(what="queue", count=_EVENT_REQUESTS, price=prices.sqs_request),
    ]


def rendering_items(recipe: Recipe, mb: float, figures: Figures, prices: Prices) -> list[PhotoItem]:
    """Return the items of one photo that is rendered, without its message."""
    outputs = len(recipe.outputs) + bool(recipe.manifest)
    return [
        *_work_items(seconds_of(recipe, mb, figures), WRITE_UNITS, prices),
        PhotoItem(what="outputs", count=outputs, price=prices.s3_put),
        PhotoItem(what="original", count=_HEADS + _GETS, price=prices.s3_get),
    ]


def checking_items(prices: Prices) -> list[PhotoItem]:
    """Return the items of one photo that is recorded or removed, without its message."""
    return [
        *_work_items(CHECK_S, CHECK_WRITE_UNITS, prices),
        PhotoItem(what="original", count=_HEADS, price=prices.s3_get),
    ]


def _work_items(seconds: float, write_units: int, prices: Prices) -> list[PhotoItem]:
    counts: list[tuple[str, float, Price]] = [
        ("function", seconds * MEMORY_GB, prices.lambda_gb_s),
        ("function", 1, prices.lambda_request),
        ("table", write_units, prices.dynamodb_write),
        ("table", 1, prices.dynamodb_read),
        ("events", 1, prices.event),
        ("logs", _LOG_BYTES / _GB, prices.log_gb),
    ]
    return [PhotoItem(what=what, count=count, price=price) for what, count, price in counts]


def _plan(photos: int, mb: float, recipe: Recipe, figures: Figures, prices: Prices) -> PhotoPlan:
    assumed = figures.assumed
    bytes_out = assumed.renditions_bytes if recipe is RENDITIONS else assumed.augmentation_bytes
    items = [*rendering_items(recipe, mb, figures, prices), *upload_items(mb, prices)]
    served = photos if recipe is RENDITIONS else 0
    return PhotoPlan(
        photos=photos,
        mb=mb,
        recipe=recipe.name,
        items=[msgspec.structs.replace(item, count=item.count * photos) for item in items],
        stored_gb=photos * (mb * _MB + bytes_out) / _GB,
        served_gb=served * bytes_out / _GB,
        views=served * len(recipe.outputs),
        seconds=seconds_of(recipe, mb, figures),
    )
