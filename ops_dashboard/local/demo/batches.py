"""The demo's batches: one for each input, with its rows and expected results. Pure.

No two batches share a creator, so each has its own expected results although they run concurrently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ops_dashboard.local.samples.creators import CONTROLLED_CREATORS, DROPPED_CREATORS
from ops_dashboard.local.samples.generator import Sample, generate_sample
from stream_ingest.contracts.settings import CollageLayout

if TYPE_CHECKING:
    from datetime import datetime

    from ops_dashboard.local.samples.cover_model import UrlSigner

DEFAULT_LAYOUT = CollageLayout(fit_rows=True)
"""The layout of a stack whose defaults have not been changed."""
CONTROLLED_LAYOUT = CollageLayout(
    rows=3, cols=4, cell_px=160, background="#1d3557", fit_rows=True, pack=True
)
"""The layout of the controlled batch, which differs from the default in everything."""
CONTROLLED_PREFIX = "campaign-7"
DROPPED_FILE, CONTROLLED_FILE, REQUEST_FILE = "covers.csv", "campaign.csv", "campaign.json"
_DROPPED_SEED, _CONTROLLED_SEED = 8, 9  # the pushed rows use the default


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBatch:
    """One batch of the demo."""

    input_name: str  # its input, for people
    trigger: str  # its input, as the pipeline calls it
    sample: Sample
    layout: CollageLayout = DEFAULT_LAYOUT
    prefix: str = ""  # its folder under collages/
    file: str = ""  # name of its file in the input bucket

    @property
    def grid(self) -> str:
        """``rows x columns``, as ``3x4``."""
        return f"{self.layout.rows}x{self.layout.cols}"

    def expected(self) -> dict[str, object]:
        """Return what `ops-dashboard status` must report once it has ended."""
        figures = self.sample.expectation.summary()
        return {**figures, "trigger": self.trigger, "open_images": 0, "ended": True}


class DemoBatches(NamedTuple):
    """The demo's batches by input."""

    pushed: DemoBatch
    dropped: DemoBatch
    controlled: DemoBatch


def plan_batches(*, now: datetime, signer: UrlSigner) -> DemoBatches:
    """Return the batches with rows that are valid at `now` (aware) and for a day after it."""
    return DemoBatches(
        pushed=DemoBatch(
            input_name="MySQL push",
            trigger="mysql-push",
            sample=generate_sample(now=now, signer=signer),
        ),
        dropped=DemoBatch(
            input_name="CSV drop",
            trigger="s3-trigger",
            file=DROPPED_FILE,
            sample=generate_sample(
                now=now,
                signer=signer,
                seed=_DROPPED_SEED,
                creators=DROPPED_CREATORS,
            ),
        ),
        controlled=DemoBatch(
            input_name="controlled batch",
            trigger="sqs-trigger",
            file=CONTROLLED_FILE,
            sample=generate_sample(
                now=now,
                signer=signer,
                seed=_CONTROLLED_SEED,
                creators=CONTROLLED_CREATORS,
                images_per_window=CONTROLLED_LAYOUT.cells,
            ),
            layout=CONTROLLED_LAYOUT,
            prefix=CONTROLLED_PREFIX,
        ),
    )
