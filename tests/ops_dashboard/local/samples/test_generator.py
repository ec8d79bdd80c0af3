"""The sample must contain what the demo documents, and its expected results must be right."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest

from ops_dashboard.local.samples.cover_column import WRONG_NUMBER
from ops_dashboard.local.samples.cover_model import Behaviour, UrlSigner, object_id_of
from ops_dashboard.local.samples.cover_swatch import CREATORS as MAX_CREATORS
from ops_dashboard.local.samples.cover_swatch import NUMBERS
from ops_dashboard.local.samples.creators import BAD_NAMES, CREATORS
from ops_dashboard.local.samples.generator import Sample, generate_sample
from stream_ingest.contracts.naming import is_creator_name
from stream_ingest.records.rows import CoverRow, admit

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
SIGNER = UrlSigner(base_url="http://127.0.0.1:8080", secret=b"secret")
SEEDS = [7, 8, 9]
REASONS = {"bad_json", "no_url", "bad_url", "expired", "bad_creator", "duplicate"}


def plan(seed: int = 7, **options: object) -> Sample:
    return generate_sample(now=NOW, signer=SIGNER, seed=seed, **options)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return plan()


def test_the_same_arguments_give_the_same_sample(sample: Sample) -> None:
    assert plan() == sample
    assert plan(seed=8) != sample


def test_some_2000_rows_of_40_creators_some_below_35_and_some_above_100(sample: Sample) -> None:
    sizes = [len(cells) for cells in sample.expectation.cells.values()]
    assert 1_900 <= sample.expectation.rows_read <= 2_100
    assert len(CREATORS) == 40
    assert sum(size < 35 for size in sizes) >= 5
    assert sum(size > 100 for size in sizes) >= 3
    assert {34, 35, 36, 70} <= set(sizes)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_of_awkward_row_occurs(seed: int) -> None:
    rows = plan(seed).sample_rows
    assert {row.outcome for row in rows if isinstance(row.outcome, str)} == REASONS
    behaviours = {row.outcome.behaviour for row in rows if not isinstance(row.outcome, str)}
    assert behaviours == set(Behaviour)
    columns = [row.row.cover for row in rows]
    for column in (None, "", "null", '""', "{}", '{"url_list":[]}'):
        assert column in columns


def test_rows_are_ordered_by_date_within_the_last_days(sample: Sample) -> None:
    dates = [row.created_at for row in sample.rows if row.created_at]
    assert len(dates) == len(sample.rows)
    assert all(earlier < later for earlier, later in pairwise(dates))
    assert NOW - timedelta(days=6) < dates[0]
    assert dates[-1] < NOW


def test_a_creators_accepted_covers_are_numbered_in_the_order_of_their_rows(
    sample: Sample,
) -> None:
    for creator in CREATORS:
        cells = sample.expectation.cells.get(creator.name, ())
        assert [cell.number for cell in cells] == list(range(1, creator.covers + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_pipeline_agrees_with_the_outcome_of_each_row(seed: int) -> None:
    """Both sides follow one set of rules; this is where they meet."""
    seen: set[tuple[str, str]] = set()
    now_s = int(NOW.timestamp())
    for sample_row in plan(seed, bad_dates=2).sample_rows:
        row = sample_row.row
        date = row.created_at or "0000-00-00 00:00:00"
        verdict = admit(row.creator, row.cover, date, now_s)
        if not isinstance(verdict, CoverRow):
            assert verdict.reason == sample_row.outcome, row
        elif (verdict.creator, verdict.identity) in seen:
            assert sample_row.outcome == "duplicate", row
        else:
            seen.add((verdict.creator, verdict.identity))
            assert not isinstance(sample_row.outcome, str), row
            assert verdict.identity == sample_row.outcome.identity


def test_some_expired_covers_return_with_valid_urls(sample: Sample) -> None:
    """So that an expired row that was remembered as seen would lose its cover."""
    accepted = {row.outcome.object_id for row in sample.sample_rows if not is_refused(row)}
    columns = [row.row.cover or "" for row in sample.sample_rows if row.outcome == "expired"]
    back = [column for column in columns if any(found in column for found in accepted)]
    assert 5 <= len(back) < len(columns)


def is_refused(row: object) -> bool:
    return isinstance(getattr(row, "outcome", None), str)


def test_duplicates_have_different_signatures(sample: Sample) -> None:
    """A pipeline that compares raw URLs must not get through."""
    urls: Counter[str] = Counter()
    for row in sample.rows:
        urls.update(set((row.cover or "").replace("\\/", "/").split('"')))
    assert all(count == 1 for text, count in urls.items() if "x-signature" in text)


def test_unused_animated_covers_are_served_but_not_expected(sample: Sample) -> None:
    """Animated covers of columns with a static one have numbers that no cell has."""
    wrong = [cover for cover in sample.covers if cover.number >= WRONG_NUMBER]
    expected = {cell.object_id for cells in sample.expectation.cells.values() for cell in cells}
    assert wrong
    assert expected.isdisjoint(cover.object_id for cover in wrong)
    assert expected <= {cover.object_id for cover in sample.covers}
    assert all(cover.number < NUMBERS for cover in sample.covers)


def test_a_dead_first_url_is_followed_by_working_ones(sample: Sample) -> None:
    for row in sample.sample_rows:
        if not is_refused(row) and row.outcome.behaviour is Behaviour.GONE_IN_ONE_REGION:
            regions = [part[:7] for part in (row.row.cover or "").split("idc=")[1:]]
            assert regions[0] == "useast8"
            assert "useast8" not in regions[1:]
            assert len(regions) == 4


def test_new_signatures_are_valid_for_a_day(sample: Sample) -> None:
    raw = [row for row in sample.sample_rows if (row.row.cover or "").startswith("http")]
    living = [row for row in raw if row.outcome != "expired"]
    for row in living:
        parts = urlsplit(row.row.cover or "")
        expires_s = int(parse_qs(parts.query)["x-expires"][0])
        assert object_id_of(parts.path)
        assert expires_s % 3600 == 0
        assert 23 * 3600 < expires_s - NOW.timestamp() < 48 * 3600
    assert len(living) > 50


def test_all_creator_names_are_valid_and_all_bad_names_invalid() -> None:
    assert all(is_creator_name(creator.name) for creator in CREATORS)
    assert not any(is_creator_name(name) for name in BAD_NAMES)
    assert len({creator.name.casefold() for creator in CREATORS}) == len(CREATORS)
    assert [creator.index for creator in CREATORS] == list(range(len(CREATORS)))
    assert len(CREATORS) <= MAX_CREATORS


def test_one_creator_has_no_image_and_another_no_accepted_row(sample: Sample) -> None:
    found = sample.expectation
    assert not any(window.has_collage for window in found.windows_of("lost.and.never.found"))
    assert found.windows_of("ghost_account") == ()
    assert any(row.creator == "ghost_account" for row in sample.rows)
    assert found.summary()["collages"] == found.summary()["windows"] - 1


def test_fewer_creators_make_a_smaller_sample() -> None:
    small = plan(creators=CREATORS[:3], refused_share=0.2)
    summary = small.expectation.summary()
    assert summary["rows_accepted"] == sum(creator.covers for creator in CREATORS[:3])
    assert set(summary["refused"]) == REASONS


def test_without_awkward_rows_all_covers_are_good() -> None:
    tame = plan(awkward=False).expectation.summary()
    assert tame["refused"] == {}
    assert tame["images_failed"] == 0
    assert tame["rows_read"] == tame["images_ok"] == sum(creator.covers for creator in CREATORS)


def test_bad_dates_come_on_demand(sample: Sample) -> None:
    assert "bad_date" not in sample.expectation.refused
    dated = plan(bad_dates=3)
    assert dated.expectation.refused["bad_date"] == 3
    assert [row.created_at for row in dated.rows[:4]].count(None) == 3


def test_too_few_covers_for_every_behaviour_is_an_error() -> None:
    with pytest.raises(ValueError, match="too few"):
        plan(creators=CREATORS[-3:])


def test_the_summary_is_plain_json(sample: Sample) -> None:
    summary = sample.expectation.summary()
    assert json.loads(json.dumps(summary)) == summary
    assert summary["rows_read"] == summary["rows_accepted"] + sum(summary["refused"].values())
    assert summary["rows_accepted"] == summary["images_ok"] + summary["images_failed"]
