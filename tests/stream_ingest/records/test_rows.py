from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.timestamps import EARLIEST_MS, LATEST_MS, from_epoch_ms
from stream_ingest.records.codec import unpack
from stream_ingest.records.packer import Packer
from stream_ingest.records.rows import (
    MAX_FALLBACKS,
    MAX_URL_LENGTH,
    MAX_URLS_LENGTH,
    CoverRow,
    RefusalReason,
    RowRefusal,
    admit,
)
from tests.fakes.ingest.rows import HOST, NOW_S, cover_url, header, object_id

WHEN = "2026-11-01 12:00:00"
A, B, C, D, E = (cover_url(number, expires=NOW_S + 3_600) for number in range(1, 6))


def admitted(cover: object, created_at: object = WHEN, creator: object = "charli") -> CoverRow:
    outcome = admit(creator, cover, created_at, NOW_S)
    assert isinstance(outcome, CoverRow), outcome
    return outcome


def refused(cover: object, created_at: object = WHEN, creator: object = "charli") -> RefusalReason:
    outcome = admit(creator, cover, created_at, NOW_S)
    assert isinstance(outcome, RowRefusal), outcome
    return outcome.reason


def test_a_row_is_accepted_with_its_identity_and_fallbacks() -> None:
    row = admitted(json.dumps({"cover": {"url_list": [A, B, C]}}))
    assert row == CoverRow(
        creator="charli",
        url=A,
        fallbacks=(B, C),
        identity=object_id(1),
        created_at_ms=1_793_534_400_000,
        identity_follows=True,
    )


@pytest.mark.parametrize(
    ("cover", "reason"),
    [
        (None, "no_url"),
        ("null", "no_url"),
        ('""', "no_url"),
        ("{}", "no_url"),
        ('{"url_list":[]}', "no_url"),
        ('{"cover": null}', "no_url"),
        ('{"cover": {"url_list": ["https', "bad_json"),
        ("not a url", "bad_json"),
        (json.dumps({"cover": {"url_list": [A, B]}})[:255], "bad_json"),
        ("ftp://example.com/a.jpg", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
        ("data:image/png;base64,AAAA", "bad_url"),
        ("https://", "bad_url"),
        ("https:///a.jpg", "bad_url"),
        ("https://user:pass@example.com/a.jpg", "bad_url"),
        ("https://exa mple.com/a.jpg", "bad_url"),
        ("https://example.com/a\\b.jpg", "bad_url"),
        ("https://exam\x00ple.com/a.jpg", "bad_url"),
        ("https://example.com/\x00.jpg", "bad_url"),
        ("https://example.com/\ud800.jpg", "bad_url"),
        (json.dumps({"cover": "https://example.com/a\nb"}), "bad_url"),
        ("https://example.com/" + "a" * MAX_URL_LENGTH, "bad_url"),
        (cover_url(1, expires=0), "expired"),
        (cover_url(1, expires=NOW_S - 1), "expired"),
        (cover_url(1, expires=NOW_S), "expired"),
        (json.dumps([cover_url(1, expires=NOW_S), cover_url(1, expires=1)]), "expired"),
    ],
)
def test_an_unusable_cover_is_refused_with_its_reason(cover: object, reason: str) -> None:
    assert refused(cover) == reason


def test_a_url_is_valid_until_the_second_in_which_it_expires() -> None:
    assert admitted(cover_url(1, expires=NOW_S + 1)).url == cover_url(1, expires=NOW_S + 1)


def test_a_url_of_the_maximum_length_is_accepted() -> None:
    url = "https://example.com/".ljust(MAX_URL_LENGTH, "a")
    assert admitted(url).url == url


@pytest.mark.parametrize("creator", [None, "", " ", "a\x00b", "a\nb", "x" * 129, b"\x01"])
def test_a_row_without_a_creator_is_refused(creator: object) -> None:
    assert refused(A, creator=creator) == RefusalReason.BAD_CREATOR


@pytest.mark.parametrize(
    ("creator", "name"), [(b"charli", "charli"), (42, "42"), ("🎉", "🎉"), ("مبدع", "مبدع")]
)
def test_a_creator_may_be_any_printable_value(creator: object, name: str) -> None:
    assert admitted(A, creator=creator).creator == name


def test_blanks_in_a_path_are_encoded_as_a_browser_does() -> None:
    assert (
        admitted("https://example.com/a b.jpg?c= d").url == "https://example.com/a%20b.jpg?c=%20d"
    )


@pytest.mark.parametrize(
    ("written", "requested"),
    [
        (
            "https://e.com/é/画 像.jpg?q=ü",
            "https://e.com/%C3%A9/%E7%94%BB%20%E5%83%8F.jpg?q=%C3%BC",
        ),
        ("https://e.com/a%20b/100%.jpg", "https://e.com/a%20b/100%.jpg"),
        ("https://bücher.example/ä.jpg", "https://bücher.example/%C3%A4.jpg"),
        ("https://e.com/a\xa0b.jpg", "https://e.com/a%C2%A0b.jpg"),
    ],
)
def test_characters_beyond_ascii_in_a_path_are_encoded_as_a_browser_does(
    written: str, requested: str
) -> None:
    assert admitted(written).url == requested
    assert admitted(json.dumps({"cover": written})).url == requested


@pytest.mark.parametrize(
    ("created_at", "moment"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T12:00:00", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        (" 2026-11-01 12:00:00.123456 ", datetime(2026, 11, 1, 12, 0, 0, 123_000, UTC)),
        ("2026-11-01T12:00:00Z", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("2026-11-01T12:00:00+02:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (datetime(2026, 11, 1, 12), datetime(2026, 11, 1, 12, tzinfo=UTC)),  # noqa: DTZ001 - MySQL's
        (
            datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=-5))),
            datetime(2026, 11, 1, 17, tzinfo=UTC),
        ),
        (date(2026, 11, 1), datetime(2026, 11, 1, tzinfo=UTC)),
        (datetime(1900, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_utc_to_the_millisecond(created_at: object, moment: datetime) -> None:
    assert from_epoch_ms(admitted(A, created_at).created_at_ms) == moment


@pytest.mark.parametrize(
    "created_at",
    [
        None,
        "",
        "yesterday",
        "last_7_days",
        "0000-00-00 00:00:00",
        "2026-02-30",
        Decimal(1),
        b"soon",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_an_invalid_time_is_refused(created_at: object) -> None:
    assert refused(A, created_at) == RefusalReason.BAD_DATE


def test_the_identity_is_that_of_the_first_usable_url_even_when_it_has_expired() -> None:
    """The same row read a day later must be the same image, whichever of its URLs still lives."""
    stale, fresh = cover_url(1, expires=NOW_S), cover_url(2, expires=NOW_S + 60)
    row = admitted(json.dumps(["ftp://example.com/a", stale, fresh]))
    assert (row.url, row.identity) == (fresh, object_id(1))


def test_fallbacks_are_limited_in_number_and_unique() -> None:
    row = admitted(json.dumps([A, A, B, B, C, D, E]))
    assert row.fallbacks == (B, C, D)
    assert len(row.fallbacks) == MAX_FALLBACKS


def test_fallbacks_over_the_size_limit_are_left_out() -> None:
    """A creator's open images share one DynamoDB item of 400 KB."""
    urls = [f"https://example.com/{number}/".ljust(2_000, "x") for number in range(4)]
    row = admitted(json.dumps(urls))
    assert (row.url, *row.fallbacks) == tuple(urls[:2])
    assert len(row.url) + sum(map(len, row.fallbacks)) <= MAX_URLS_LENGTH


def test_a_refusal_has_enough_of_the_row_to_find_and_correct_it() -> None:
    outcome = admit("c" * 300, "x" * 1_000, "y" * 100, NOW_S)
    assert outcome == RowRefusal(
        reason=RefusalReason.BAD_CREATOR,
        creator="c" * 200,
        cover="x" * 500,
        created_at="y" * 40,
        detail="the name has 300 bytes, more than 128",
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(A),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cover", "url_list", "dynamicCover", "uri", "x", ""]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SURROGATES = st.text(st.characters(blacklist_categories=()), max_size=30)
URLS = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from([HOST, "example.com", ""]) | SURROGATES,
    SURROGATES,
    st.sampled_from(["", "~tplv-noop.image", "?x-expires=1", f"?x-expires={NOW_S + 99}"]),
)
COLUMNS = (
    JSON_VALUES
    | JSON_VALUES.map(json.dumps)
    | JSON_VALUES.map(json.dumps).map(json.dumps)
    | JSON_VALUES.map(json.dumps).map(lambda text: text[: len(text) // 2])
    | st.binary(max_size=60)
    | SURROGATES
    | URLS
    | st.lists(URLS, max_size=5)
)
MOMENTS = (
    st.none()
    | SURROGATES
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.datetimes().map(str)
    | st.dates()
    | st.integers()
    | st.binary(max_size=10)
)


@given(st.just("charli") | SURROGATES | st.none() | st.binary(max_size=200), COLUMNS, MOMENTS)
def test_any_row_is_accepted_or_refused_and_either_can_be_encoded(
    creator: object, cover: object, created_at: object
) -> None:
    """Nothing that a source yields raises, and what is admitted can be packed and read again."""
    outcome = admit(creator, cover, created_at, NOW_S)
    if isinstance(outcome, RowRefusal):
        assert msgspec.json.decode(msgspec.json.encode(outcome), type=RowRefusal) == outcome
        return
    assert EARLIEST_MS <= outcome.created_at_ms <= LATEST_MS
    assert outcome.url.lower().startswith(("http://", "https://"))
    packer = Packer(header())
    packer.add(outcome)
    (record,) = packer.flush()
    assert [known(row) for row in unpack(record.data).cover_rows()] == [known(outcome)]


def known(row: CoverRow) -> CoverRow:
    """The row whether or not anybody knew that its identity follows from its URL."""
    return msgspec.structs.replace(row, identity_follows=True)
