"""What photos cost, item by item: counts of one photo at list prices. Pure.

Counts are those of an upload that is rendered once, as `rendition_lambda` makes its requests: those
of S3's event, the queue, two looks at the object, its bytes, the item's five writes with their
indexes, the outputs and the announcement. Items of 3 KB are billed by the kilobyte.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ops_dashboard.monitoring.prices import Price, Prices
from rendition_lambda.recipe import AUGMENTATION, RECIPES, RENDITIONS, Recipe
from stream_ingest.contracts.errors import UserError

MEMORY_GB = 1_769 / 1_024
DEFAULT_MB = 8.0
"""Size of a JPEG of 24 megapixels."""
MAX_MB = 200.0
PER = 1_000
CDN_GB = Price(0.085, 1, "GB to viewers")
"""CloudFront in Europe and North America; the first TB of a month is free. Not checked."""
_GB = 1e9
_MB = 1e6
_PART_MB = 8.0
"""The AWS command line uploads larger files in parts of this size."""
_LOG_BYTES = 1_500


class PhotoWork(msgspec.Struct, frozen=True, kw_only=True):
    """What one photo of a recipe takes; measured with a JPEG of 24 megapixels."""

    cpu_s: float
    """At one vCPU; half of it grows with the size of the file."""
    network_s: float = 0.3
    """Time for which the function waits for AWS: 12 requests, 8 MB in, the outputs out."""
    item_writes: int
    """Write units of the photo's item and its name."""
    index_writes: int = 8
    bytes_out: float


WORK = {
    RENDITIONS.name: PhotoWork(cpu_s=0.45, item_writes=9, bytes_out=2_400_000),
    AUGMENTATION.name: PhotoWork(cpu_s=0.1, item_writes=11, bytes_out=60_000),
}
SOURCES = (
    "CPU time: 0.38 to 0.49 s were measured for renditions of a JPEG of 24 MP on one x86 core, and"
    " 0.09 s for its rotations; arm64 is assumed to be as fast. Network time is assumed."
)


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
    seconds: float
    """Of the function, for one photo."""

    @property
    def usd(self) -> float:
        """Cost of rendering all of them, once."""
        return sum(item.usd for item in self.items)

    @property
    def per_thousand(self) -> float:
        """Cost of 1,000 of them."""
        return self.usd * PER / self.photos


def plan_photos(photos: int, mb: float, prices: Prices) -> list[PhotoPlan]:
    """Return the plan of each recipe that accepts the size; raises `UserError` for bad numbers."""
    if photos < 1:
        msg = f"--photos {photos}: nothing to plan; expected 1 or more"
        raise UserError(msg)
    if not 0 < mb <= MAX_MB:
        msg = f"--mb {mb:g}: expected more than 0 and at most {MAX_MB:g}, the largest photo"
        raise UserError(msg)
    fitting = [each for each in RECIPES.values() if mb * _MB <= each.max_bytes]
    return [_plan(photos, mb, recipe, prices) for recipe in fitting if recipe.name in WORK]


def _plan(photos: int, mb: float, recipe: Recipe, prices: Prices) -> PhotoPlan:
    work = WORK[recipe.name]
    share = mb / DEFAULT_MB
    seconds = work.cpu_s * (1 + share) / 2 + work.network_s * (1 + share) / 2
    outputs = len(recipe.outputs) + bool(recipe.manifest)
    uploads = 1 if mb <= _PART_MB else 2 + round(mb / _PART_MB + 0.5)
    counts: list[tuple[str, float, Price]] = [
        ("function", seconds * MEMORY_GB, prices.lambda_gb_s),
        ("function", 1, prices.lambda_request),
        ("upload", uploads, prices.s3_put),
        ("outputs", outputs, prices.s3_put),
        ("original", 3, prices.s3_get),
        ("table", work.item_writes + work.index_writes, prices.dynamodb_write),
        ("table", 1, prices.dynamodb_read),
        ("queue", 3, prices.sqs_request),
        ("events", 2, prices.event),
        ("logs", _LOG_BYTES / _GB, prices.log_gb),
    ]
    return PhotoPlan(
        photos=photos,
        mb=mb,
        recipe=recipe.name,
        items=[
            PhotoItem(what=what, count=count * photos, price=price) for what, count, price in counts
        ],
        stored_gb=photos * (mb * _MB + work.bytes_out) / _GB,
        served_gb=photos * work.bytes_out / _GB if recipe is RENDITIONS else 0.0,
        seconds=seconds,
    )


def photo_document(plans: list[PhotoPlan], prices: dict[str, Any]) -> dict[str, Any]:
    """Return plans with all their inputs."""
    return {
        "recipes": [
            {
                **msgspec.to_builtins(plan),
                "items": [{**msgspec.to_builtins(each), "usd": each.usd} for each in plan.items],
                "usd": plan.usd,
                "usd_per_thousand": plan.per_thousand,
            }
            for plan in plans
        ],
        "prices": prices,
        "work": WORK,
        "sources": SOURCES,
    }
