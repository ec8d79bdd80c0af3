"""What a job costs and how long it takes, estimated. Pure.

By the counts and figures of ``ops-dashboard plan --photos``, for photos of 24 megapixels.
"""

from __future__ import annotations

import msgspec

from ops_dashboard.monitoring.prices import LIST, Prices
from ops_dashboard.photos.jobs.needs import RENDERED, SENT, Counts, Need
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.photos import (
    CHECK_S,
    DEFAULT_MB,
    checking_items,
    rendering_items,
    seconds_of,
)
from rendition_lambda.recipe import RECIPES

_SQS_REQUESTS = 2.1  # a tenth of SendMessageBatch, ReceiveMessage, DeleteMessage


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Cost in USD, and the function's seconds."""

    usd: float
    function_s: float

    def hours(self, at_once: int) -> float:
        """Return how long it takes if so many photos are rendered at once."""
        return self.function_s / at_once / 3_600


def estimate(counts: Counts, figures: Figures, prices: Prices = LIST) -> Estimate:
    """Return the estimate for photos by recipe and need."""
    parts = [_of(recipe, need, count, figures, prices) for (recipe, need), count in counts.items()]
    return Estimate(
        usd=sum(part.usd for part in parts), function_s=sum(part.function_s for part in parts)
    )


def _of(recipe: str, need: Need, count: int, figures: Figures, prices: Prices) -> Estimate:
    if need not in SENT:
        return Estimate(usd=0.0, function_s=0.0)
    known = RECIPES.get(recipe) if need in RENDERED else None
    seconds, items = CHECK_S, checking_items(prices)
    if known is not None:
        seconds = seconds_of(known, DEFAULT_MB, figures)
        items = rendering_items(known, DEFAULT_MB, figures, prices)
    one = sum(item.usd for item in items) + _SQS_REQUESTS * prices.sqs_request.one
    return Estimate(usd=count * one, function_s=count * seconds)
