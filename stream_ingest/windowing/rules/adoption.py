"""Take windows back into a state that has forgotten them. Pure.

A table that was restored to an earlier moment knows neither the windows that closed since then nor
their images. Their objects still exist, so their images must not be put into windows again.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec

from stream_ingest.contracts.identity import fingerprint
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.dedup import SeenImages
from stream_ingest.windowing.rules.state import CreatorState, OpenWindow


class ForgottenWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a creator that its state does not know, and the identities of its images."""

    number: int
    identities: tuple[str, ...]


def adopt(
    state: CreatorState, windows: Sequence[ForgottenWindow], now_s: int, horizon_days: int
) -> Change | None:
    """Return the change that remembers the images of `windows`; None if there is none to make.

    Their images leave open windows, later rows of them are duplicates, and later windows have
    higher numbers. Tallies stay as they are: the images were counted when they were accepted.
    """
    identities = dict.fromkeys(each for window in windows for each in window.identities)
    seen = SeenImages(state.seen, now_s, horizon_days, len(identities))
    for identity in identities:
        seen.add(fingerprint(identity))
    after = msgspec.structs.replace(
        state,
        next_window=max(state.next_window, *(window.number + 1 for window in windows)),
        open=_without(state.open, identities),
        seen=seen.pages(),
        expires_at=None if windows else state.expires_at,
    )
    return None if after == state else Change(state=after)


def _without(open_: dict[str, OpenWindow], identities: Container[str]) -> dict[str, OpenWindow]:
    """Return open windows without some images; a window that had no others is gone."""
    left: dict[str, OpenWindow] = {}
    for key, window in open_.items():
        images = tuple(image for image in window.images if image.known_as not in identities)
        if images:
            left[key] = msgspec.structs.replace(window, images=images)
    return left
