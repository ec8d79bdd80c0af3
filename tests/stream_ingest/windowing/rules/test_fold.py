"""The windowing rules, case by case; `test_fold_properties` tries them on any stream."""

from __future__ import annotations

import msgspec

from stream_ingest.contracts.settings import DAY_S, FlushPolicy
from stream_ingest.contracts.watermarks import WATERMARK_LIFE_S
from stream_ingest.windowing.rules.closing import MAX_IMAGES, MAX_WINDOWS, close_batch
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import Tally, Watermark
from tests.fakes.ingest.fold import NEW, RULES, expiring, folded, identities, opened
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_row, cover_url, header, object_id

NEVER = FlushPolicy(kind="never")
BATCH_END = FlushPolicy(kind="batch-end")


def test_an_image_waits_in_the_open_window() -> None:
    change = folded(NEW, arrivals([1, 2], header()))
    (window,) = change.state.open.values()
    assert [image.url for image in window.images] == [cover_url(1), cover_url(2)]
    assert (window.batch_id, window.trigger, window.touched_at) == ("batch-1", "mysql-push", NOW_S)
    assert change.windows == ()
    assert change.state.open_images == 2
    assert change.state.tally == Tally(accepted=2)


def test_a_window_closes_with_its_last_image_and_the_next_one_opens() -> None:
    change = folded(NEW, arrivals(range(7), header(images=3)))
    assert identities(change) == [
        [object_id(n) for n in (0, 1, 2)],
        [object_id(n) for n in (3, 4, 5)],
    ]
    assert [(window.number, window.because) for window in change.windows] == [
        (1, "full"),
        (2, "full"),
    ]
    assert change.state.next_window == 3
    assert change.state.open_images == 1
    assert change.state.tally == Tally(accepted=7, windows=2)


def test_a_window_that_fills_exactly_leaves_nothing_open() -> None:
    assert folded(NEW, arrivals(range(3), header(images=3))).state.open == {}


def test_a_window_carries_all_that_its_event_says() -> None:
    row = msgspec.structs.replace(cover_row(1), identity="other", fallbacks=(cover_url(9),))
    change = folded(NEW, [Arrival(header("b", images=1, trigger="csv-push"), 0, row)])
    (window,) = change.windows
    assert (window.batch_id, window.trigger, window.settings.images_per_window) == (
        "b",
        "csv-push",
        1,
    )
    (image,) = window.images
    assert (image.identity, image.url, image.fallbacks) == ("other", cover_url(1), (cover_url(9),))
    assert image.created_at.timestamp() * 1_000 == row.created_at_ms


def test_a_window_waits_across_batches_and_belongs_to_the_one_that_fills_it() -> None:
    state = opened([1, 2], header("first", images=3))
    change = folded(state, arrivals([3], header("second", images=3)))
    assert identities(change) == [[object_id(1), object_id(2), object_id(3)]]
    assert change.windows[0].batch_id == "second"
    assert change.state.tally == Tally(accepted=1, windows=1)
    assert change.spilled == {"first": Tally(accepted=2)}


def test_the_same_image_counts_as_a_duplicate_under_any_signature() -> None:
    rows = [
        expiring(1, NOW_S + 9_000, header(), 0),
        expiring(1, NOW_S + 9_999, header(), 1),
        Arrival(header(), 2, cover_row(1, url=cover_url(1, host="p19-sign.tiktokcdn-us.com"))),
    ]
    change = folded(NEW, rows)
    assert change.state.tally == Tally(accepted=1, duplicates=2)
    assert change.state.open_images == 1


def test_an_image_is_a_duplicate_in_another_batch_too() -> None:
    change = folded(opened([1], header("first")), arrivals([1, 2], header("second")))
    assert change.state.tally == Tally(accepted=1, duplicates=1)
    assert change.state.batch_id == "second"


def test_a_redelivery_changes_nothing_and_is_not_written() -> None:
    rows = arrivals([1, 2, 2], header())
    state = opened([1, 2, 2], header())
    change = folded(state, rows, NOW_S + 60)
    assert change.state is state
    assert (change.taken, change.resent) == (3, 3)
    assert not change


def test_rows_after_a_redelivered_row_are_folded() -> None:
    rows = arrivals([1, 2, 3], header())
    change = folded(opened([1, 2], header()), rows)
    assert change.resent == 2
    assert change.state.tally == Tally(accepted=3)
    assert change


def test_a_delivery_of_duplicates_only_is_written() -> None:
    """Else a redelivery would count them again."""
    change = folded(opened([1], header()), arrivals([1], header(), start=1))
    assert change
    assert change.state.watermarks["batch-1"] == Watermark(1, NOW_S)
    assert not folded(change.state, arrivals([1], header(), start=1))


def test_positions_are_compared_within_one_batch_only() -> None:
    state = opened(range(5), header("first"))
    assert folded(state, arrivals([9], header("second"))).state.tally == Tally(accepted=1)


def test_interleaved_batches_are_tallied_separately() -> None:
    a, b = header("a"), header("b")
    rows = [
        Arrival(a, 0, cover_row(1)),
        Arrival(b, 0, cover_row(1)),
        Arrival(a, 1, cover_row(2)),
        Arrival(b, 1, cover_row(3)),
        Arrival(a, 2, cover_row(2)),
    ]
    change = folded(opened([7], header("z")), rows)
    assert (change.state.batch_id, change.state.tally) == ("a", Tally(2, 1, 0))
    assert change.spilled == {"b": Tally(1, 1, 0), "z": Tally(1, 0, 0)}
    again = folded(change.state, [Arrival(b, 2, cover_row(4))])
    assert (again.state.batch_id, again.state.tally) == ("b", Tally(1, 0, 0))
    assert again.spilled == {"a": Tally(2, 1, 0)}


def test_rows_pushed_again_with_a_flush_close_the_windows_that_they_wait_in() -> None:
    """A push that was killed for good, and its rows pushed again under another batch id."""
    state = opened([1, 2], header("killed", flush=BATCH_END))
    change = folded(state, arrivals([1, 2], header("again", flush=BATCH_END)))
    assert change.state.tally == Tally(duplicates=2)
    (before,), (window,) = state.open.values(), change.state.open.values()
    assert window == msgspec.structs.replace(before, ending=("killed", "again"))
    closed = close_batch(change.state, "again", "mysql-push")
    assert identities(closed) == [[object_id(1), object_id(2)]]
    assert closed.windows[0].batch_id == "again"


def test_a_duplicate_of_what_is_in_no_open_window_closes_nothing() -> None:
    """Its window closed long ago: the images that wait now are none of the batch's concern."""
    state = opened([1, 2, 3], header("first", images=2, flush=NEVER))
    change = folded(state, arrivals([1, 2], header("again", images=2, flush=BATCH_END)))
    (window,) = change.state.open.values()
    assert window.ending == ()


def test_a_duplicate_without_a_flush_leaves_its_window_as_it_is() -> None:
    state = opened([1], header("first", flush=NEVER))
    change = folded(state, arrivals([1], header("again")))
    assert change.state.open == state.open


def test_a_row_and_its_duplicate_in_one_delivery_name_their_batch_once() -> None:
    change = folded(NEW, arrivals([1, 1], header("b", flush=BATCH_END)))
    (window,) = change.state.open.values()
    assert window.ending == ("b",)


def test_two_settings_do_not_share_a_window() -> None:
    sharp, small = header("sharp", images=2), header("small", images=2, quality=50)
    rows = [
        Arrival(sharp, 0, cover_row(1)),
        Arrival(small, 0, cover_row(2)),
        Arrival(sharp, 1, cover_row(3)),
        Arrival(small, 1, cover_row(4)),
    ]
    change = folded(NEW, rows)
    assert identities(change) == [[object_id(1), object_id(3)], [object_id(2), object_id(4)]]
    assert [window.settings.layout.quality for window in change.windows] == [95, 50]


def test_a_fold_stops_when_a_transaction_is_full_and_can_be_continued() -> None:
    rows = arrivals(range(MAX_WINDOWS + 5), header(images=1))
    first = fold(NEW, rows, NOW_S, RULES)
    assert first.taken == len(first.windows) == MAX_WINDOWS
    second = fold(first.state, rows[first.taken :], NOW_S, RULES)
    assert second.taken == len(second.windows) == 5
    assert second.state.next_window == MAX_WINDOWS + 6


def test_windows_of_many_images_fill_a_transaction_sooner() -> None:
    """DynamoDB takes 4 MB a transaction, and an image's event entry is about a kilobyte."""
    rows = arrivals(range(2 * MAX_IMAGES), header(images=35))
    change = fold(NEW, rows, NOW_S, RULES)
    assert MAX_IMAGES <= 35 * len(change.windows) < MAX_IMAGES + 35
    assert change.taken == 35 * len(change.windows)


def test_many_small_batches_at_once_fill_a_transaction_too() -> None:
    """Each leaves a tally behind: state, windows and tallies are at most 100 actions."""
    state, rows = NEW, [Arrival(header(f"b{n}", images=2), 0, cover_row(n)) for n in range(300)]
    spilled: dict[str, Tally] = {}
    while rows:
        change = fold(state, rows, NOW_S, RULES)
        assert change.taken > 0
        assert 1 + 2 * len(change.windows) + len(change.spilled) <= 100
        for batch, tally in change.spilled.items():
            spilled[batch] = spilled.get(batch, Tally()) + tally
        state, rows = change.state, rows[change.taken :]
    assert state.batch_id == "b299"
    assert all(spilled[f"b{n}"].accepted == 1 for n in range(299))


def test_watermarks_are_dropped_once_no_redelivery_is_possible() -> None:
    state = opened([1], header("old"))
    stored = folded(state, arrivals([2], header("new")), NOW_S + WATERMARK_LIFE_S - 1).state
    assert set(stored.watermarks) == {"old", "new"}
    assert set(
        folded(state, arrivals([2], header("new")), NOW_S + WATERMARK_LIFE_S).state.watermarks
    ) == {"new"}


def test_an_image_may_come_again_after_the_horizon() -> None:
    state = opened([1], header())
    rules = Rules(horizon_days=30)
    rows = arrivals([1], header(), start=1)
    soon = folded(state, rows, NOW_S + 29 * DAY_S, rules)
    assert soon.state.tally.duplicates == 1
    late = folded(state, rows, NOW_S + 90 * DAY_S, rules)
    assert late.state.tally.accepted == 2


def test_without_dedup_an_image_that_is_known_is_taken_again_but_not_twice_into_one_window() -> (
    None
):
    known = folded(NEW, arrivals([1, 2], header("before", images=2))).state
    every = header("again", images=2)
    every = msgspec.structs.replace(
        every, settings=msgspec.structs.replace(every.settings, dedup=False)
    )
    change = folded(known, arrivals([1, 1, 2, 1, 3], every))
    assert identities(change) == [
        [object_id(1), object_id(2)],
        [object_id(1), object_id(3)],
    ]
    assert change.state.tally == Tally(accepted=4, duplicates=1, windows=2)
    again = folded(change.state, arrivals([1, 1, 2, 1, 3], every))
    assert (again.resent, again.windows) == (5, ())


def test_batches_with_another_prefix_or_dedup_do_not_share_a_window() -> None:
    plain = header().settings
    others = [
        msgspec.structs.replace(plain, prefix="a"),
        msgspec.structs.replace(plain, dedup=False),
        msgspec.structs.replace(plain, prefix="a", dedup=False),
    ]
    assert len({each.window_key for each in (plain, *others)}) == 4
