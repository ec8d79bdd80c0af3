"""Compares what the pipeline made with the rows that it was given. Pure.

Nothing that the pipeline says about itself is used but as a third witness: what counts are the
pixels of each cell, the metadata of each collage, and the image lists in the table.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from ops_dashboard.local.samples.cover_swatch import read_swatch
from tests.attack.harness.truth import Code, code_in

ENDED_WINDOWS = frozenset({"completed", "partial", "failed"})
_SHOWN = 10


@dataclass(kw_only=True)
class Found:
    """What is in S3 and in the table."""

    pixels: Counter[Code] = field(default_factory=Counter)
    """Cells by the code that their pixels show."""
    metadata: Counter[Code] = field(default_factory=Counter)
    """Images with a cell, by the metadata of their collages."""
    table: Counter[Code] = field(default_factory=Counter)
    """Images in the lists of closed windows."""
    wrong: list[str] = field(default_factory=list)
    """Cells that show something else than their metadata say, and images without a cell."""
    stuck: list[str] = field(default_factory=list)
    """What waits although nothing runs any more."""

    def add_collage(self, metadata: Mapping[str, Any], collage: bytes | None) -> None:
        """Count the cells of a window's collage; None if it has none."""
        window = metadata["window_id"]
        expected: dict[tuple[int, int], Code] = {}
        for cell in metadata["cells"]:
            code = code_in(cell["identity"])
            if cell["status"] != "ok" or code is None:
                self.wrong.append(f"{window}: {cell['identity']}: {cell.get('reason')}")
                continue
            self.metadata[code] += 1
            expected[cell["row"], cell["column"]] = code
            if code.creator != metadata["creator"]:
                self.wrong.append(f"{window}: {code} is another creator's")
        shown = _cells(collage, metadata["layout"]["cell_px"]) if collage else {}
        self.pixels.update(shown.values())
        self.wrong += [
            f"{window}: cell {place} shows {shown.get(place)}, not {expected.get(place)}"
            for place in sorted(expected.keys() | shown.keys())
            if expected.get(place) != shown.get(place)
        ]

    def add_item(self, item: Mapping[str, Any]) -> None:
        """Count an item of the table: an open window, a window, a batch."""
        name = f"{item['creator_name']} {item['item']}"
        kind = item["item"].partition("#")[0]
        if kind == "state" and item.get("open_images"):
            self.stuck.append(f"{name}: {item['open_images']} open images")
        if kind == "window" and item["status"] not in ENDED_WINDOWS:
            self.stuck.append(f"{name}: {item['status']}")
        if kind == "window" and item.get("lease_owner"):
            self.stuck.append(f"{name}: leased by {item['lease_owner']}")
        if kind == "batch" and item["status"] != "ended":
            self.stuck.append(f"{name}: {item['status']}")

    def add_image_list(self, detail: Mapping[str, Any]) -> None:
        """Count the images of a closed window, from the event in the table."""
        for image in detail["images"]:
            code = code_in(image["identity"])
            if code is None:
                self.wrong.append(f"{detail['window_id']}: unknown image {image['identity']}")
            else:
                self.table[code] += 1


def differences(codes: Collection[Code], found: Found) -> dict[str, list[str]]:
    """Return everything that is not as it must be, by what is wrong; to be empty."""
    result = {"wrong": found.wrong[:_SHOWN], "stuck": found.stuck[:_SHOWN]}
    for place in ("pixels", "metadata", "table"):
        counts: Counter[Code] = getattr(found, place)
        result[f"lost from {place}"] = _names(code for code in codes if not counts[code])
        result[f"doubled in {place}"] = _names(code for code in counts if counts[code] > 1)
        result[f"unknown in {place}"] = _names(code for code in counts if code not in set(codes))
    return {name: listed for name, listed in result.items() if listed}


def _names(codes: Iterable[Code]) -> list[str]:
    """Return how many there are, and the first of them."""
    listed = sorted(codes)
    return [f"{len(listed):,}", *map(str, listed[:_SHOWN])] if listed else []


def _cells(collage: bytes, cell_px: int) -> dict[tuple[int, int], Code]:
    """Return the codes that a collage shows, by row and column; empty cells are left out."""
    shown = {}
    with Image.open(io.BytesIO(collage)) as picture:
        for row in range(picture.height // cell_px):
            for column in range(picture.width // cell_px):
                left, top = column * cell_px, row * cell_px
                swatch = read_swatch(picture.crop((left, top, left + cell_px, top + cell_px)))
                if swatch is not None:
                    shown[row, column] = Code(*swatch)
    return shown
