"""Images with the same bytes: within a window, and across creators. Pure.

If a creator posts one picture twice, or a CDN answers with its placeholder, URLs and identities
differ; only the bytes show that it is the same image.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

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


class PlaceholderDetector:
    """Finds images that several creators have; remembers them as long as its process lives."""

    def __init__(self, creators: int = CREATORS, remembered: int = _REMEMBERED) -> None:
        """Report an image that `creators` different creators have; remember `remembered` images."""
        self._creators, self._remembered = creators, remembered
        self._seen: OrderedDict[str, set[str]] = OrderedDict()

    def record(self, creator: str, sha256s: Iterable[str]) -> list[str]:
        """Record a creator's images; return those that now reach the limit, each one only once."""
        recognised = []
        for sha256 in dict.fromkeys(sha256s):
            creators = self._seen.setdefault(sha256, set())
            self._seen.move_to_end(sha256)
            if creator not in creators and len(creators) < self._creators:
                creators.add(creator)
                if len(creators) == self._creators:
                    recognised.append(sha256)
        while len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return recognised
