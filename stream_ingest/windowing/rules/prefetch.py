"""Select the covers of open windows to prefetch, and record the results. Pure.

A cover is at risk if its URL expires within the next two hours and its window is still open.
Requesting covers and recording the results are two changes of the creator's state, each conditional
on its version: a cover has one request at a time, and one prefetched copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.identity import expires_at
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.windowing.rules.deadlines import AHEAD_S, SLOT_S, request_at
from stream_ingest.windowing.rules.item_budget import newest_packs
from stream_ingest.windowing.rules.state import CreatorState, OpenImage, OpenWindow, RecordedPack

MAX_COVERS = 100
"""Covers of one pack, unless one creator has more at risk: 15 MB of usual ones."""
EXPIRED = "expired"
"""The reason of `collage_lambda.reasons` for a cover whose URL expired before it was fetched."""
RECORDED_LIFE_S = DAY_S
"""How long a state keeps a recorded pack; no request older than this is still under way."""
_RISK_S = AHEAD_S + SLOT_S


class ExpiringCover(msgspec.Struct, frozen=True, kw_only=True):
    """A cover to prefetch, with its creator and its open window."""

    creator: str
    window: str
    """`BatchSettings.window_key`."""
    image: OpenImage


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """The result of fetching a cover at risk: `prefetched`, or `lost` with the reason."""

    window: str
    identity: str
    prefetched: PrefetchedCover | None = None
    lost: str | None = None


def expiring_covers(state: CreatorState, now_s: int) -> list[ExpiringCover]:
    """Return the covers of a creator to prefetch now, in window order."""
    return [
        ExpiringCover(creator=state.creator, window=key, image=image)
        for key, window in state.open.items()
        for image in window.images
        if _is_at_risk(image, now_s)
    ]


def request_expiring(state: CreatorState, now_s: int) -> tuple[CreatorState, int]:
    """Mark the covers that are due as requested; return the new state and their number.

    Returns `state` itself if there is nothing to request. Covers whose URL has expired are recorded
    as lost: they are not requested, and their windows stay open.
    """
    open_, count = dict(state.open), 0
    for key, window in state.open.items():
        moment = request_at(window)
        if moment is None or moment > now_s:
            continue
        images = tuple(_mark_expired(image, now_s) for image in window.images)
        requested = msgspec.structs.replace(window, images=images, requested_at=now_s)
        open_[key] = _update_expiry(requested, now_s)
        count += sum(_is_at_risk(image, now_s) for image in images)
    if open_ == state.open:
        return state, 0
    return msgspec.structs.replace(state, open=open_), count


def record_fetched(
    state: CreatorState, fetched: Sequence[Fetched], now_s: int
) -> tuple[CreatorState, set[int]]:
    """Record what was fetched; return the new state and all pack members that it ever accepted.

    A cover whose window has closed, or that is already prefetched, changes nothing. Recording twice
    is safe: a pack is recorded once, and its accepted members are remembered after the windows that
    contain them have closed.
    """
    recorded = {
        each.prefetched.member
        for each in fetched
        if each.prefetched
        and (before := state.recorded.get(each.prefetched.pack))
        and before.until == each.prefetched.until
        and each.prefetched.member in before.members
    }
    fresh = [
        each for each in fetched if not (each.prefetched and each.prefetched.pack in state.recorded)
    ]
    found = {(each.window, each.identity): each for each in fresh}
    open_, taken = dict(state.open), dict[tuple[str, int], set[int]]()
    for key in {each.window for each in fresh} & state.open.keys():
        window = state.open[key]
        images = tuple(
            _with_result(image, found.get((key, image.known_as))) for image in window.images
        )
        open_[key] = _update_expiry(msgspec.structs.replace(window, images=images), now_s)
        for image in images:
            each = found.get((key, image.known_as))
            if each and each.prefetched and each.prefetched == image.prefetched:
                taken.setdefault((each.prefetched.pack, each.prefetched.until), set()).add(
                    each.prefetched.member
                )
    used = recorded.union(*taken.values())
    if open_ == state.open:
        return state, used
    packs = {
        pack: before
        for pack, before in state.recorded.items()
        if before.recorded_at > now_s - RECORDED_LIFE_S
    } | {
        pack: RecordedPack(tuple(sorted(members)), now_s, until)
        for (pack, until), members in taken.items()
    }
    return msgspec.structs.replace(state, open=open_, recorded=newest_packs(packs)), used


def pack_key(creators: Sequence[str], now_s: int) -> str:
    """Return the object key of the pack requested at `now_s` for `creators`."""
    digest = sha256("\n".join(creators).encode()).hexdigest()[:16]
    return f"prefetched/{from_epoch_s(now_s):%Y/%m/%d/%H%M%S}-{digest}.zip"


def _is_at_risk(image: OpenImage, now_s: int) -> bool:
    if image.prefetched is not None or image.lost is not None:
        return False
    moment = expires_at(image.url)
    return moment is not None and now_s < moment <= now_s + _RISK_S


def _mark_expired(image: OpenImage, now_s: int) -> OpenImage:
    """Return the image, marked as lost if its URL has expired."""
    moment = _last_moment(image)
    if image.prefetched is not None or moment is None or moment > now_s:
        return image
    return msgspec.structs.replace(image, lost=EXPIRED)


def _with_result(image: OpenImage, each: Fetched | None) -> OpenImage:
    if each is None or image.prefetched is not None:
        return image
    return msgspec.structs.replace(image, prefetched=each.prefetched, lost=each.lost)


def _last_moment(image: OpenImage) -> int | None:
    """Return when an image becomes unavailable; None for never, or if it is already lost."""
    if image.prefetched is not None:
        return image.prefetched.until
    return None if image.lost is not None else expires_at(image.url)


def _update_expiry(window: OpenWindow, now_s: int) -> OpenWindow:
    """Return the window with `expires_at` recomputed from its images."""
    moments = [moment for image in window.images if (moment := _last_moment(image)) is not None]
    first = min(moments, default=None)
    is_urgent = first is not None and first <= now_s + _RISK_S
    requested_at = window.requested_at if is_urgent else None
    return msgspec.structs.replace(window, expires_at=first, requested_at=requested_at)
