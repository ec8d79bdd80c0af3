"""Collages that fit their images: size and cells in the object, its metadata and its event."""

from __future__ import annotations

import io

import msgspec
from PIL import Image

from collage_lambda.outcomes import Ending
from collage_lambda.output.keys import keys_of
from stream_ingest.contracts.events import CollageCreated, WindowReady, convert_detail
from tests.fakes.collage.events import LAYOUT
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.collage.worker_bench import COLOURS, WHITE, WorkerBench, shows

BOTH = msgspec.structs.replace(LAYOUT, fit_rows=True, pack=True)
FIT = msgspec.structs.replace(LAYOUT, fit_rows=True)


def sizes(bench: WorkerBench, event: WindowReady) -> list[tuple[int, int]]:
    """Return the collage's size as the object, the copy, the metadata and the event have it."""
    keys, metadata = keys_of(event), bench.metadata(event)
    created = convert_detail(bench.aws.heard()[-1]["Detail"], CollageCreated)
    return [
        Image.open(io.BytesIO(bench.aws.read(keys.collage))).size,
        Image.open(io.BytesIO(bench.aws.read(keys.by_creator))).size,
        (metadata["width_px"], metadata["height_px"]),
        (created.width_px, created.height_px),
    ]


def test_a_fitted_collage_has_one_size_wherever_it_is_stated(bench: WorkerBench) -> None:
    event = bench.event("body/0", "body/1", layout=FIT)
    bench.work(event)
    assert sizes(bench, event) == [(180, 60)] * 4
    thumbnail = Image.open(io.BytesIO(bench.aws.read(keys_of(event).thumbnail)))
    assert thumbnail.size == (180, 60)


def test_packed_images_have_their_number_their_place_and_their_reason(bench: WorkerBench) -> None:
    bench.server.bodies["again"] = bench.server.bodies["0"]
    event = bench.event(
        "body/0", "status/404", "body/again", "body/1", "status/403", "body/2", layout=BOTH
    )
    bench.work(event)
    assert sizes(bench, event) == [(180, 60)] * 4
    first, second, third = bench.cells(event)
    assert shows(first, COLOURS[0])
    assert shows(second, COLOURS[1])
    assert shows(third, COLOURS[2])
    found = [
        (cell["cell"], cell["row"], cell["column"], cell.get("reason"))
        for cell in bench.metadata(event)["cells"]
    ]
    assert found == [
        (0, 0, 0, None),
        (1, None, None, "not_found"),
        (2, None, None, "same_bytes"),
        (3, 0, 1, None),
        (4, None, None, "forbidden"),
        (5, 0, 2, None),
    ]


def test_a_replay_that_shows_more_images_makes_the_collage_higher(bench: WorkerBench) -> None:
    event = bench.event("body/0", "body/late", "body/1", "body/2", layout=BOTH)
    bench.work(event)
    assert sizes(bench, event) == [(180, 60)] * 4
    bench.server.bodies["late"] = plain_jpeg(COLOURS[3])
    assert bench.work(event, replay="again").ending is Ending.CREATED
    assert sizes(bench, event) == [(180, 120)] * 4
    colours = [COLOURS[0], COLOURS[3], COLOURS[1], COLOURS[2], WHITE, WHITE]
    assert all(
        shows(cell, colour) for cell, colour in zip(bench.cells(event), colours, strict=True)
    )


def test_without_fit_and_pack_a_failed_image_has_its_empty_cell(bench: WorkerBench) -> None:
    event = bench.event("status/404", "body/0")
    bench.work(event)
    assert sizes(bench, event) == [LAYOUT.size_px] * 4
    failed, shown = bench.metadata(event)["cells"]
    assert (failed["row"], failed["column"], failed["reason"]) == (0, 0, "not_found")
    assert (shown["row"], shown["column"]) == (0, 1)


def test_the_metadata_of_a_window_without_any_image_has_no_size(bench: WorkerBench) -> None:
    event = bench.event("status/404", "status/403", layout=BOTH)
    assert bench.work(event).ending is Ending.FAILED
    metadata = bench.metadata(event)
    assert (metadata["width_px"], metadata["height_px"]) == (None, None)
    assert [(cell["row"], cell["column"]) for cell in metadata["cells"]] == [(0, 0), (0, 1)]
