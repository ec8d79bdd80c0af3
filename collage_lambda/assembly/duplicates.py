"""Images with the same bytes: within a window, across windows and across creators. Pure.

If a creator posts one picture twice, or a CDN answers with its placeholder, URLs and identities
differ; only the bytes show that it is the same image.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

import msgspec

from collage_lambda.outcomes import CellOutcome
from collage_lambda.reasons import Failure, FailureReason

CREATORS = 3
"""An image that this many creators have is probably a placeholder."""
_REMEMBERED = 20_000
"""Maximum number of images to remember, some 5 MB; the oldest are forgotten first."""


def without_repeats(outcomes: list[CellOutcome]) -> list[CellOutcome]:
    """Return the outcomes with only the first cell of each image; the others become failures.

    Those keep their facts, so the metadata still describes the image.
    """
    first: dict[str, int] = {}
    result = []
    for outcome in outcomes:
        current = outcome
        if outcome.facts is not None and outcome.failure is None:
            cell = first.setdefault(outcome.facts.sha256, outcome.cell)
            if cell != outcome.cell:
                same = Failure(reason=FailureReason.SAME_BYTES, detail=f"as cell {cell}")
                current = msgspec.structs.replace(outcome, failure=same)
        result.append(current)
    return result


def without_shown(outcomes: list[CellOutcome], shown: Mapping[str, str]) -> list[CellOutcome]:
    """Return the outcomes without the images in `shown`, which gives their windows by sha256.

    Those become failures that keep their facts, as in `without_repeats`.
    """
    result = []
    for outcome in outcomes:
        current, facts = outcome, outcome.facts
        if facts is not None and outcome.failure is None and facts.sha256 in shown:
            same = Failure(
                reason=FailureReason.SAME_BYTES, detail=f"as in window {shown[facts.sha256]}"
            )
            current = msgspec.structs.replace(outcome, failure=same)
        result.append(current)
    return result


class CreatorsOfImages:
    """Remembers which creators have an image, as long as its process lives."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        """Remember `remembered` images."""
        self._seen: OrderedDict[str, _Creators] = OrderedDict()
        self._remembered = remembered

    def record(
        self, creator: str, sha256s: Iterable[str], repeated: Iterable[str]
    ) -> dict[str, set[str]]:
        """Record a creator's images; return the creators to count, by image.

        Those are the creators of an image that several have or that is in `repeated`, without the
        ones that were counted before.
        """
        images, again = dict.fromkeys(sha256s), frozenset(repeated)
        found = {}
        for sha256 in images:
            known = self._seen.setdefault(sha256, _Creators())
            self._seen.move_to_end(sha256)
            if known.is_settled:
                continue
            known.waiting |= {creator} - known.counted
            if known.waiting and (sha256 in again or len(known.waiting | known.counted) > 1):
                found[sha256] = set(known.waiting)
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return found

    def mark_counted(self, sha256: str, creators: set[str]) -> None:
        """Count creators of an image no more."""
        if known := self._seen.get(sha256):
            known.counted |= creators
            known.waiting -= creators

    def settle(self, sha256: str) -> None:
        """Count an image no more."""
        if known := self._seen.get(sha256):
            known.is_settled = True


class _Creators(msgspec.Struct):
    """Creators of one image: those to count if it repeats, and those that were counted."""

    waiting: set[str] = set()
    counted: set[str] = set()
    is_settled: bool = False
