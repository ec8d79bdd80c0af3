"""What a job costs and how long it takes, estimated. Pure.

For photos of 24 megapixels, with the seconds of docs/facts.md; the prices are AWS's list prices.
"""

from __future__ import annotations

import msgspec

from ops_dashboard.monitoring.prices import LIST, Prices
from ops_dashboard.photos.jobs.needs import RENDERED, SENT, Counts, Need
from rendition_lambda.recipe import RECIPES

RENDER_S = {"renditions": 1.2, "augmentation": 0.5}
"""Seconds of the function for a photo: download, child process, uploads."""
CHECK_S = 0.1
"""Seconds of the function for a photo of which no pixels are decoded."""
MEMORY_GB = 1.769
_SQS_REQUESTS = 2.1  # a tenth of SendMessageBatch, ReceiveMessage, DeleteMessage
_READS, _HEADS = 1, 2
_WRITE_UNITS = 14
"""Four writes of an item of three kilobytes and its entries in two indexes, and the name's."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Cost in USD, and the function's seconds."""

    usd: float
    function_s: float

    def hours(self, at_once: int) -> float:
        """Return how long it takes if so many photos are rendered at once."""
        return self.function_s / at_once / 3_600


def estimate(counts: Counts, prices: Prices = LIST) -> Estimate:
    """Return the estimate for photos by recipe and need."""
    parts = [_of(recipe, need, count, prices) for (recipe, need), count in counts.items()]
    return Estimate(
        usd=sum(part.usd for part in parts), function_s=sum(part.function_s for part in parts)
    )


def _of(recipe: str, need: Need, count: int, prices: Prices) -> Estimate:
    if need not in SENT:
        return Estimate(usd=0.0, function_s=0.0)
    seconds = RENDER_S.get(recipe, CHECK_S) if need in RENDERED else CHECK_S
    puts = len(RECIPES[recipe].outputs) if need in RENDERED and recipe in RECIPES else 0
    one = (
        seconds * MEMORY_GB * prices.lambda_gb_s.one
        + prices.lambda_request.one
        + _SQS_REQUESTS * prices.sqs_request.one
        + puts * prices.s3_put.one
        + (_READS + _HEADS) * prices.s3_get.one
        + _WRITE_UNITS * prices.dynamodb_write.one
        + prices.event.one
    )
    return Estimate(usd=count * one, function_s=count * seconds)
