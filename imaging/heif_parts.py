"""Find the coded images of which an HEIF's or AVIF's picture consists. Pure.

Phones store a photo as a grid of tiles (ISO/IEC 23008-12, 6.6.2.3), each an item of its own.
libheif leaves out tiles that it cannot read, so a file that ends too early would become a picture
with green rectangles. Items and their places are those of ISO/IEC 14496-12, 8.11.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from mmap import mmap
from typing import NamedTuple

Data = bytes | mmap
_IN_FILE = 0
"""Construction method of an item whose offsets are those of the file."""
_MAX_ENTRIES = 16_384
"""Maximum number of boxes in a box, of items and of their places: a grid has some hundred."""


class Part(NamedTuple):
    """A coded image: the picture itself or one of its tiles."""

    bytes: int
    is_whole: bool
    """Whether all of it is in the file."""


class _BrokenError(Exception):
    """A box ends before what it should contain, or has more in it than any picture."""


class _Reader:
    """Reads big-endian numbers of a part of a file."""

    def __init__(self, data: Data, start: int, end: int) -> None:
        self._data, self.at, self.end = data, start, end

    def number(self, size: int) -> int:
        """Return a number of `size` bytes, which may be 0."""
        if self.at + size > self.end:
            raise _BrokenError
        self.at += size
        return int.from_bytes(self._data[self.at - size : self.at], "big")

    def boxes(self) -> Iterator[tuple[bytes, _Reader]]:
        """Yield the name of each box and a reader of its content."""
        for _ in range(_MAX_ENTRIES):
            if self.at + 8 > self.end:
                return
            start = self.at
            size, name = self.number(4), struct.pack(">I", self.number(4))
            if size == 1:
                size = self.number(8)
            end = min(start + size, self.end) if size else self.end
            if end < self.at:
                raise _BrokenError
            yield name, _Reader(self._data, self.at, end)
            self.at = end
        raise _BrokenError

    def version(self) -> int:
        """Return the version of a full box."""
        return self.number(4) >> 24


def coded_parts(data: Data) -> tuple[Part, ...]:
    """Return the coded images of the primary picture; none if the container cannot be read.

    What is then wrong with it, libheif says.
    """
    try:
        boxes = _meta(data)
        primary = boxes[b"pitm"].number(4 if boxes[b"pitm"].version() else 2)
        places = _places(boxes[b"iloc"], len(data))
        derived = _derived(boxes[b"iref"]) if b"iref" in boxes else {}
    except (_BrokenError, KeyError):
        return ()
    missing = Part(0, is_whole=False)
    return tuple(places.get(item, missing) for item in _coded(primary, derived))


def _meta(data: Data) -> dict[bytes, _Reader]:
    for name, box in _Reader(data, 0, len(data)).boxes():
        if name == b"meta":
            box.version()
            return dict(box.boxes())
    return {}


def _places(box: _Reader, file_bytes: int) -> dict[int, Part]:
    """Return each item of an item location box."""
    version = box.version()
    sizes = box.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version > 1 else 2
    found: dict[int, Part] = {}
    left = _MAX_ENTRIES
    for _ in range(box.number(wide)):
        item = box.number(wide)
        method = box.number(2) & 15 if version else _IN_FILE
        is_here = box.number(2) == 0 and method == _IN_FILE  # and not in another file
        start, total, is_whole = box.number(base), 0, True
        extents = box.number(2)
        left -= 1 + extents
        if left < 0:
            raise _BrokenError
        for _ in range(extents):
            box.number(index if version else 0)
            begin, size = start + box.number(offset), box.number(length)
            total += size
            is_whole &= begin + max(size, 1) <= file_bytes or not is_here
        found[item] = Part(total, is_whole=is_whole and extents > 0)
    return found


def _derived(box: _Reader) -> dict[int, list[int]]:
    """Return the items of which each derived item is made, as a grid is of its tiles."""
    wide = 4 if box.version() else 2
    found: dict[int, list[int]] = {}
    for name, reference in box.boxes():
        if name == b"dimg":
            item = reference.number(wide)
            found[item] = [reference.number(wide) for _ in range(reference.number(2))]
    return found


def _coded(primary: int, derived: Mapping[int, list[int]]) -> list[int]:
    """Return the items that are coded images, each once."""
    seen, waiting = {primary: None}, [primary]
    while waiting:
        for item in derived.get(waiting.pop(), ()):
            if item not in seen:
                seen[item] = None
                waiting.append(item)
    return [item for item in seen if item not in derived]
