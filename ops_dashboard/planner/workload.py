"""What is to be planned: so many images of so many creators, and the windows they make. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stream_ingest.contracts.errors import UserError

WINDOW_IMAGES = 35
IMAGES_A_CREATOR = 100
"""Where nobody says how many creators there are."""


class Order(StrEnum):
    """How the rows of a creator follow each other; each group costs a write of its state."""

    SORTED = "sorted"
    """One behind the other, as in a file that is sorted by creator."""
    MIXED = "mixed"
    """Anyhow among all others', as by date or id: how a push from MySQL reads them."""
    DRIP = "drip"
    """No two together: a few new covers of each creator now and then."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Images to come, and what a stack keeps of them. Creators have equally many, or one more."""

    images: int
    creators: int
    order: Order = Order.MIXED
    copies: bool = True
    """Whether each collage is copied under its creator's name (``byCreatorCopy``)."""
    originals: bool = True
    """Whether originals are kept for a replay (``keepOriginals``)."""

    @property
    def images_a_creator(self) -> float:
        """Images of a creator, on average."""
        return self.images / self.creators

    @property
    def full_windows(self) -> int:
        """Windows that fill up."""
        each, more = divmod(self.images, self.creators)
        lucky = more * ((each + 1) // WINDOW_IMAGES)
        return lucky + (self.creators - more) * (each // WINDOW_IMAGES)

    @property
    def partial_windows(self) -> int:
        """Windows that are closed at the end, with what there is: at most one for each creator."""
        each, more = divmod(self.images, self.creators)
        lucky = more * bool((each + 1) % WINDOW_IMAGES)
        return lucky + (self.creators - more) * bool(each % WINDOW_IMAGES)

    @property
    def windows(self) -> int:
        """All windows."""
        return self.full_windows + self.partial_windows

    @property
    def window_images(self) -> float:
        """Images of a window, on average."""
        return self.images / self.windows


def job_of(
    images: int, creators: int | None, order: Order, *, copies: bool, originals: bool
) -> Job:
    """Return the job; `UserError` where there is nothing to plan."""
    if images < 1:
        msg = f"--images {images}: nothing to plan; expected 1 or more"
        raise UserError(msg)
    if creators is None:
        creators = max(1, round(images / IMAGES_A_CREATOR))
    if not 1 <= creators <= images:
        msg = f"--creators {creators}: expected 1 to {images}, as each has an image"
        raise UserError(msg)
    return Job(images=images, creators=creators, order=order, copies=copies, originals=originals)
