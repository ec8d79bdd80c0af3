from __future__ import annotations

import mmap
import random
import struct
from pathlib import Path

import pytest

from imaging.heif_parts import coded_parts
from ops_dashboard.local.samples.photos.encoders import heic
from tests.fakes.collage.images import encoded, picture
from tests.fakes.collage.mutations import mutated

PICTURE = picture(240, 160)
SINGLE, TILED = heic(PICTURE), heic(PICTURE, tile_size=64)
TILES = 4 * 3


def test_a_picture_is_one_part_or_has_a_part_for_each_tile() -> None:
    assert [len(coded_parts(data)) for data in (SINGLE, TILED)] == [1, TILES]
    for data in (SINGLE, TILED, encoded(PICTURE, "AVIF")):
        parts = coded_parts(data)
        assert all(part.is_whole for part in parts)
        assert len(data) - 2_000 < sum(part.bytes for part in parts) < len(data)


def test_metadata_are_no_part_of_a_picture() -> None:
    """A file that lacks nothing else is as good as whole."""
    exif = b"Exif\0\0II*\0\x08\0\0\0" + bytes(5_000)
    with_exif = heic(PICTURE, exif, tile_size=64)
    assert len(with_exif) > len(TILED) + 5_000
    assert len(coded_parts(with_exif)) == TILES


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.999])
def test_a_file_that_ends_too_early_lacks_parts(kept: float) -> None:
    parts = coded_parts(TILED[: int(len(TILED) * kept)])
    assert len(parts) == TILES
    missing = sum(not part.is_whole for part in parts)
    assert 1 <= missing <= TILES
    assert (missing == 1) == (kept > 0.99)


def test_a_tile_without_a_place_is_missing() -> None:
    at = TILED.index(b"dimg")
    last = at + 4 + 4 + 2 * (TILES - 1)
    assert struct.unpack_from(">HH", TILED, at + 4)[1] == TILES
    data = TILED[:last] + struct.pack(">H", 999) + TILED[last + 2 :]
    assert [part.is_whole for part in coded_parts(data)].count(False) == 1


def test_a_grid_that_consists_of_itself_has_no_parts() -> None:
    at = TILED.index(b"dimg")
    (grid,) = struct.unpack_from(">H", TILED, at + 4)
    tiles = struct.pack(">H", grid) * TILES
    assert coded_parts(TILED[: at + 8] + tiles + TILED[at + 8 + len(tiles) :]) == ()


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x08ftyp", bytes(64), SINGLE[:60]], ids=range(4))
def test_what_is_no_container_has_no_parts(data: bytes) -> None:
    assert coded_parts(data) == ()


def test_a_ruined_container_raises_nothing() -> None:
    for number in range(2_000):
        chance = random.Random(f"parts {number}")  # noqa: S311 - not a secret
        coded_parts(mutated(chance.choice((SINGLE, TILED)), chance))


def test_a_mapped_file_is_read_as_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(TILED)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert coded_parts(mapped) == coded_parts(TILED)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


@pytest.mark.parametrize("extents", [1, 60_000])
def test_a_file_with_more_places_than_any_picture_costs_nothing(extents: int) -> None:
    """Extents may take no bytes, so that a short file would have billions of them."""
    item = struct.pack(">HHH", 1, 0, extents)
    places = bytes(4) + struct.pack(">BBH", 0, 0, 60_000) + item * 60_000
    meta = bytes(4) + box(b"pitm", bytes(4) + b"\0\1") + box(b"iloc", places)
    assert coded_parts(box(b"meta", meta)) == ()


def test_a_file_with_more_boxes_than_any_picture_costs_nothing() -> None:
    assert coded_parts(box(b"free", b"") * 100_000 + TILED) == ()
    assert len(coded_parts(box(b"free", b"") * 100 + TILED)) == TILES
