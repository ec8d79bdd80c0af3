"""The job to plan: images, creators and the resulting windows. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stream_ingest.contracts.errors import UserError

WINDOW_IMAGES = 35
IMAGES_PER_CREATOR = 100
"""Default if the number of creators is not given."""


class Order(StrEnum):
    """Order of rows; each run of rows of a creator costs a write of its state."""

    SORTED = "sorted"
    """Together, as in a file that is sorted by creator."""
    MIXED = "mixed"
    """Among those of all other creators, as by date or id: the order of a push from MySQL."""
    DRIP = "drip"
    """One at a time: a few new covers of each creator now and then."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Images to process, spread evenly over creators, and what is stored of them."""

    images: int
    creators: int
    order: Order = Order.MIXED
    copies: bool = True
    """Whether each collage is copied under its creator's name (``byCreatorCopy``)."""
    originals: bool = True
    """Whether originals are stored for replays (``keepOriginals``)."""

    @property
    def images_per_creator(self) -> float:
        """Average number of images of a creator."""
        return self.images / self.creators

    @property
    def full_windows(self) -> int:
        """Number of windows that become full."""
        each, more = divmod(self.images, self.creators)
        larger = more * ((each + 1) // WINDOW_IMAGES)
        return larger + (self.creators - more) * (each // WINDOW_IMAGES)

    @property
    def partial_windows(self) -> int:
        """Number of windows closed at the end that are not full: at most one per creator."""
        each, more = divmod(self.images, self.creators)
        larger = more * bool((each + 1) % WINDOW_IMAGES)
        return larger + (self.creators - more) * bool(each % WINDOW_IMAGES)

    @property
    def windows(self) -> int:
        """Number of windows."""
        return self.full_windows + self.partial_windows

    @property
    def window_images(self) -> float:
        """Average number of images of a window."""
        return self.images / self.windows


def job_of(
    images: int, creators: int | None, order: Order, *, copies: bool, originals: bool
) -> Job:
    """Return the job; raises `UserError` if a number is out of range."""
    if images < 1:
        msg = f"--images {images}: nothing to plan; expected 1 or more"
        raise UserError(msg)
    if creators is None:
        creators = max(1, round(images / IMAGES_PER_CREATOR))
    if not 1 <= creators <= images:
        msg = f"--creators {creators}: expected 1 to {images}, as each has an image"
        raise UserError(msg)
    return Job(images=images, creators=creators, order=order, copies=copies, originals=originals)
