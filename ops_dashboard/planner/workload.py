"""The job to plan: images, creators and the resulting windows. Pure.

Dropped files are batches that close their windows when they end. So many small files make many
windows that are not full, unless each creator is in one file only.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
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
    files: int = 0
    """Number of dropped files in which the rows come, of the same size; 0 is a push."""
    copies: bool = True
    """Whether each collage is copied under its creator's name (``byCreatorCopy``)."""
    originals: bool = True
    """Whether originals are stored for replays (``keepOriginals``)."""

    @property
    def images_per_creator(self) -> float:
        """Average number of images of a creator."""
        return self.images / self.creators

    @property
    def batches(self) -> int:
        """Number of batches: a push is one, each file is one."""
        return max(1, self.files)

    @property
    def batch_creators(self) -> int:
        """Number of creators in each batch: those of a sorted file are in no other, nearly."""
        if self.order is Order.SORTED:
            return math.ceil(self.creators / self.batches)
        return min(self.creators, math.ceil(self.images / self.batches))

    @property
    def full_windows(self) -> int:
        """Number of windows that become full."""
        return _window_counts(self)[0]

    @property
    def partial_windows(self) -> int:
        """Number of windows that are not full: at most one for each creator of a batch."""
        return _window_counts(self)[1]

    def groups(self) -> Iterator[tuple[int, int]]:
        """Yield how many times a creator has a number of images in a batch, and that number."""
        rows, more_rows = divmod(self.images, self.batches)
        for batches, images in ((more_rows, rows + 1), (self.batches - more_rows, rows)):
            creators = max(1, min(self.batch_creators, images))
            each, more = divmod(images, creators)
            yield batches * more, each + 1
            yield batches * (creators - more), each

    @property
    def windows(self) -> int:
        """Number of windows."""
        return self.full_windows + self.partial_windows

    @property
    def window_images(self) -> float:
        """Average number of images of a window."""
        return self.images / self.windows


@functools.lru_cache(maxsize=64)
def _window_counts(job: Job) -> tuple[int, int]:
    """Return the numbers of full and of other windows, which a plan needs many thousand times."""
    groups = list(job.groups())
    return (
        sum(count * (images // WINDOW_IMAGES) for count, images in groups),
        sum(count * bool(images % WINDOW_IMAGES) for count, images in groups),
    )


def job_of(  # noqa: PLR0913 - what a job is made of
    images: int,
    creators: int | None,
    order: Order,
    *,
    files: int = 0,
    copies: bool,
    originals: bool,
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
    if not 0 <= files <= images:
        msg = f"--files {files}: expected 1 to {images}, as each has an image"
        raise UserError(msg)
    return Job(
        images=images,
        creators=creators,
        order=order,
        files=files,
        copies=copies,
        originals=originals,
    )
