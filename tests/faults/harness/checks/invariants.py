"""The invariants of a settled pipeline. Each function asserts one law.

The account is compared with the model of its stream (`model`): contents, not only counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from stream_ingest.contracts import table
from stream_ingest.contracts.events import (
    CollageCreated,
    CollageFailed,
    WindowReady,
    convert_detail,
)
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.rules.closing import MAX_CLOSED
from stream_ingest.windowing.rules.state import OpenImage, OpenWindow
from tests.fakes.ingest.aws import OUTPUT, TEMP
from tests.faults.harness.checks.accounting import BALANCED, accounting_of
from tests.faults.harness.checks.figures import check_figures
from tests.faults.harness.checks.model import Expected, Model, model_of
from tests.faults.harness.checks.objects import check_objects
from tests.faults.harness.checks.results import check_results
from tests.faults.harness.checks.table import Table, Window
from tests.faults.harness.push_process import Batch
from tests.faults.harness.simulated_account import SimulatedAccount


def check_invariants(account: SimulatedAccount, batches: Sequence[Batch]) -> None:
    """Assert every law on a settled account, after `batches` were pushed to it."""
    model, found = model_of(account.kinesis.shards), Table(account)
    check_windows(model, found)
    check_items(model, found, batches)
    check_events(account, found)
    check_figures(account, batches, model, found)
    check_objects(account, found.all_windows)
    check_results(account, batches)
    check_quarantine(account, model)
    check_prefetched(account, found)
    assert accounting_of(account, batches) == BALANCED


def check_windows(model: Model, found: Table, *, repaired: bool = False) -> None:
    """Every accepted image is in exactly one window, in order; windows are full and gapless.

    A state that was `repaired` goes on after an image list that a transaction left unused.
    """
    assert found.windows.keys() | found.open.keys() <= model.creators
    for creator in model.creators:
        windows, open_windows = found.windows.get(creator, []), found.open[creator]
        numbers = [window.number for window in windows]
        expected = [
            number
            for number in range(1, found.next_window[creator])
            if number in numbers
            or not (repaired and (creator_key(creator), table.images_item(number)) in found.items)
        ]
        assert numbers == expected, (creator, numbers)
        layouts = {repr(each.event.layout) for each in windows}
        layouts |= {repr(each.settings.layout) for each in open_windows}
        wanted = {layout for name, layout in model.images if name == creator}
        assert layouts == wanted, creator
        for layout in wanted:
            _check_contents(
                model.images[creator, layout],
                [each for each in windows if repr(each.event.layout) == layout],
                [each for each in open_windows if repr(each.settings.layout) == layout],
            )


def _check_contents(
    wanted: list[Expected], windows: list[Window], open_windows: list[OpenWindow]
) -> None:
    """Compare one creator's images of one layout with its windows, end to end."""
    left = list(wanted)
    for window in windows:
        taken, left = left[: len(window.event.images)], left[len(window.event.images) :]
        shown = [(image.identity, image.url) for image in window.event.images]
        assert shown == [(image.identity, image.url) for image in taken], window.event.window_id
        _check_closing(window, taken)
    waiting = [image for window in open_windows for image in window.images]
    assert [image.url for image in waiting] == [image.url for image in left]
    late = [image for image, here in zip(left, waiting, strict=True) if _must_close(image, here)]
    assert not late, "images are open that should be in a closed window"


def _must_close(image: Expected, here: OpenImage) -> bool:
    expires = image.expires and here.lost is None
    return expires or bool(image.ending) or image.settings.flush.kind != "never"


def _check_closing(window: Window, images: list[Expected]) -> None:
    """A window is full or was closed for a reason; it belongs to the batch that closed it."""
    event, full = window.event, images[0].settings.images_per_window
    last, kinds = images[-1], {image.settings.flush.kind for image in images}
    assert event.image_count == len(images) <= full
    reasons = {
        "full": len(images) == full,
        "idle": len(images) < full and kinds != {"never"},
        "expiring": len(images) < full and any(image.expires for image in images),
        "batch-end": len(images) < full and any(image.ending for image in images),
    }
    assert reasons[event.closed_because], (event.window_id, event.closed_because, len(images))
    owners = {last.batch_id}
    if event.closed_because == "batch-end":
        owners = {batch_id for image in images for batch_id in image.ending}
    assert event.batch_id in owners, event.window_id
    assert window.status["batch_id"] == event.batch_id


def check_items(model: Model, found: Table, batches: Sequence[Batch]) -> None:
    """The table holds exactly the expected items, and lists of windows that did not commit."""
    wanted = {(table.batch_partition(each.header.batch_id), table.BATCH) for each in batches}
    for creator in model.creators:
        key = creator_key(creator)
        wanted.add((key, table.STATE))
        for number in range(1, found.next_window[creator]):
            wanted |= {(key, table.window_item(number)), (key, table.images_item(number))}
    tallies = {
        (table.batch_partition(batch_id), table.tally_item(creator_key(creator)))
        for batch_id, creator in model.rows
    }
    other_kinds = {table.PREFETCHED, table.LAST_PUSH, table.NUMBERING, table.FILES, table.INTAKE}
    others = {key for key in found.items if key[1] in other_kinds}
    others |= {
        (creator_key(creator), table.images_item(found.next_window[creator] + ahead))
        for creator in model.creators
        for ahead in range(MAX_CLOSED)
    }
    contents = {place for place in found.items if place[1].startswith("content#")}
    assert wanted <= found.items.keys() - others - contents <= wanted | tallies


def check_prefetched(account: SimulatedAccount, found: Table) -> None:
    """Prefetched covers are left for failed windows only.

    Until then, every window found its prefetched covers when it was built. A delivery that is so
    slow that another one's pack is used up and deleted puts it again; that one and its item expire.
    So does the item that one registers and does not remove, because it fails.
    """
    assert account.covers.misplaced == []
    put_again = {key for _, key in account.s3.removed.keys() & account.s3.versions.keys()}
    waiting: dict[str, set[int]] = {}
    for window in found.all_windows:
        for image in window.event.images:
            if image.prefetched and window.status["status"] == table.WindowStatus.FAILED:
                waiting.setdefault(image.prefetched.pack, set()).add(image.prefetched.member)
    items = {
        key[0].removeprefix("prefetched#"): {int(member) for member in item.get("waiting", ())}
        for key, item in found.items.items()
        if key[1] == table.PREFETCHED
    }
    packs = {key for key in account.s3.keys(TEMP) if key.startswith("prefetched/")}
    for key in account.failed_again - packs:
        items.pop(key, None)
    for key in put_again:
        items.pop(key, None)
        waiting.pop(key, None)
    assert items == waiting
    assert packs - put_again == waiting.keys()
    for window in (window for name in found.open for window in found.open[name]):
        assert not any(image.prefetched for image in window.images), "prefetched, but not closed"


def check_events(account: SimulatedAccount, found: Table) -> None:
    """Every window, and no other, was emitted as ready, always with the same detail."""
    ready = {window.event.window_id: window.event for window in found.all_windows}
    emitted = set()
    for detail in account.emitted(WindowReady):
        event = convert_detail(detail, WindowReady)
        emitted.add(event.window_id)
        assert event == ready[event.window_id]
    assert emitted == ready.keys()
    for ending in (CollageCreated, CollageFailed):
        assert {detail["window_id"] for detail in account.emitted(ending)} <= ready.keys()


def check_quarantine(account: SimulatedAccount, model: Model) -> None:
    """Every undecodable record is stored once; no record was discarded."""
    prefixes = ("failed/records/", "failed/rows/", "aws/lambda/")
    stored = [key for key in account.s3.keys(OUTPUT) if key.startswith(prefixes)]
    names = sorted(key.rpartition("/")[2] for key in stored)
    assert names == sorted(f"{sequence}.json" for sequence in model.poison)
