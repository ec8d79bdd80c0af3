"""A file in memory, read in blocks of any size."""

from __future__ import annotations

from collections.abc import Iterator

from stream_ingest.sources.text_stream import OpenAt


def opener(data: bytes, size: int) -> OpenAt:
    """Return what opens a file whose blocks are cut after every `size` bytes."""

    def open_at(start: int) -> Iterator[bytes]:
        for at in range(start, len(data), size):
            yield data[at : at + size]

    return open_at
