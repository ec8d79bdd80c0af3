"""Whether a stack's functions fit the concurrency of its account and region. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_ingest.contracts.concurrency_quota import quota_request

if TYPE_CHECKING:
    from settings import Settings

MUST_REMAIN = 100
"""Concurrency that Lambda refuses to reserve."""
PREFETCH = 2
"""Packs of covers that are built at once: the minimum that SQS allows. Covers that expire within an
hour wait for an hour at most."""
_SWEEPER = 1
_ON_DEMAND_SHARDS = 4
"""Shards of a new on-demand stream."""


def concurrency_wanted(settings: Settings) -> dict[str, int]:
    """Return how many invocations may run at once, by the setting that limits them."""
    shards = settings.stream_shards or _ON_DEMAND_SHARDS
    photos = {
        "photosMaxConcurrency": settings.photos_max_concurrency,
        "photosBackfillConcurrency": settings.photos_backfill_concurrency,
    }
    links = _reservations(settings).get("photosUploadLinksConcurrency", 0)
    return {
        "collageMaxConcurrency": settings.collage_max_concurrency,
        "intakeMaxConcurrency": settings.intake_max_concurrency,
        "shards x windowingParallelization": shards * settings.windowing_parallelization,
        "prefetch": PREFETCH,
        "sweeper": _SWEEPER,
        **(photos if settings.photos else {}),
        **({"photosUploadLinksConcurrency": links} if links else {}),
    }


def concurrency_problems(settings: Settings, limit: int) -> list[str]:
    """Return what does not fit in the account's `limit`; empty if everything does."""
    problems = []
    reservations = _reservations(settings)
    reserved = sum(reservations.values())
    verb = "reserves" if len(reservations) == 1 else "reserve"
    if reserved and limit - reserved < MUST_REMAIN:
        problems.append(
            f"{' and '.join(reservations)} {verb} {reserved} of"
            f" this account's {limit} concurrent executions, and AWS refuses to leave fewer than"
            f" {MUST_REMAIN}: reserve nothing, or {quota_request(reserved + MUST_REMAIN)}"
        )
    wanted = concurrency_wanted(settings)
    total = sum(wanted.values())
    if total > limit:
        parts = ", ".join(f"{name} {number}" for name, number in wanted.items())
        problems.append(
            f"up to {total} invocations run at once ({parts}), and this account's limit is"
            f" {limit}: lower these settings, or {quota_request(total)}"
        )
    return problems


def _reservations(settings: Settings) -> dict[str, int]:
    """Return what is reserved, by the setting that reserves it."""
    links = settings.photos_upload_links_concurrency if settings.photos_upload_links else 0
    every = {
        "collageReservedConcurrency": settings.collage_reserved_concurrency,
        "windowingReservedConcurrency": settings.windowing_reserved_concurrency,
        "photosUploadLinksConcurrency": links,
    }
    return {name: number for name, number in every.items() if number}
