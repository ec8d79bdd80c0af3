"""The same bytes again: within a window, and across creators. Pure.

URLs differ, and so do identities, where a creator posts one picture twice or a CDN answers with its
placeholder; only the bytes tell.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from collage_lambda.outcomes import CellOutcome
from collage_lambda.reasons import Failure, FailureReason

CREATORS = 3
"""An image that so many creators have is a placeholder, as likely as not."""
_REMEMBERED = 20_000
"""Images remembered, some 5 MB; the oldest are forgotten first."""


def without_repeats(outcomes: list[CellOutcome]) -> list[CellOutcome]:
    """Return outcomes in which each image has one cell, the first; the others are failures.

    Those keep their facts, so that the metadata can tell what was there.
    """
    first: dict[str, int] = {}
    judged = []
    for outcome in outcomes:
        kept = outcome
        if outcome.facts is not None and outcome.failure is None:
            cell = first.setdefault(outcome.facts.sha256, outcome.cell)
            if cell != outcome.cell:
                same = Failure(reason=FailureReason.SAME_BYTES, detail=f"as cell {cell}")
                kept = msgspec.structs.replace(outcome, failure=same)
        judged.append(kept)
    return judged


class Repeats:
    """What a process has seen of images that several creators have; forgets when it ends."""

    def __init__(self, creators: int = CREATORS, remembered: int = _REMEMBERED) -> None:
        """Recognise an image that `creators` have; remember so many images."""
        self._creators, self._remembered = creators, remembered
        self._seen: OrderedDict[str, set[str]] = OrderedDict()

    def see(self, creator: str, sha256s: Iterable[str]) -> list[str]:
        """Return which of a creator's images have now been seen of enough creators; each once."""
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
