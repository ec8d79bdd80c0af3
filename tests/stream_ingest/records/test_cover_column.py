from __future__ import annotations

import json
from typing import Any

import pytest

from stream_ingest.records.cover_column import (
    NotJsonError,
    candidate_urls,
    text_of,
)
from tests.fakes.ingest.rows import cover_url

A, B, C = (cover_url(number) for number in (1, 2, 3))
HEIC = cover_url(4, extension=".heic", expires=1_900_000_000)


@pytest.mark.parametrize(
    ("shape", "urls"),
    [
        ({"uri": "tos/x", "url_list": [A, B], "width": 720, "height": 720}, [A, B]),
        ({"uri": B, "url_list": [A], "width": 720, "height": 720}, [A]),
        ({"url_list": [f" {A}\n"]}, [A]),
        ({"url_list": [A], "title": "[LIVE] https"}, [A]),
        ({"url_list": [7]}, []),
        ({"cover": {"url_list": [A, B, C]}}, [A, B, C]),
        ({"cover": A, "originCover": B, "dynamicCover": C}, [A, B, C]),
        ({"dynamicCover": C, "originCover": B, "cover": A}, [A, B, C]),
        ({"cover": A, "origin_cover": B, "ai_dynamic_cover": C}, [A, B, C]),
        ({"videoMeta": {"coverUrl": A}}, [A]),
        ({"cover_image_url": A}, [A]),
        ({"thumbnail_url": A}, [A]),
        ({"video_origin_cover": A}, [A]),
        ([A, B], [A, B]),
        (A, [A]),
    ],
)
def test_every_shape_that_scrapers_store_is_read(shape: Any, urls: list[str]) -> None:  # noqa: ANN401 - JSON
    """docs/facts.md#cover-columns, once, twice and three times encoded, and as the value itself."""
    once = json.dumps(shape)
    for column in (once, json.dumps(once), json.dumps(json.dumps(once)), once.encode(), shape):
        assert candidate_urls(column) == urls


@pytest.mark.parametrize(
    "column",
    [
        A,
        f"  {A}\n",
        A.encode(),
        bytearray(A.encode()),
        A.replace("/", "\\/"),
        A.replace("=", "\\u003d"),
        json.dumps(A).replace("/", "\\/"),
        json.dumps({"cover": A}).replace("/", "\\/").replace("&", "\\u0026"),
    ],
)
def test_a_url_is_read_bare_and_as_json(column: object) -> None:
    assert candidate_urls(column) == [A]


@pytest.mark.parametrize(
    "column",
    [
        *(None, "", "  ", "null", '""', "{}", "[]", '{"url_list":[]}', '"null"', 7, 1.5, True),
        *(
            "nan",
            "None",
            r"\N",
            "NULL",
            " - ",
            "N/A",
            "\u200b",
            "{'cover': 'no url'}",
            '["a\ud800"]',
        ),
    ],
)
def test_a_column_without_a_url_has_no_candidates(column: object) -> None:
    assert candidate_urls(column) == []


@pytest.mark.parametrize(
    "column",
    [
        "cover.jpg",
        json.dumps({"cover": {"url_list": [A, B]}})[:200],
        json.dumps(json.dumps({"url_list": [A]})[:40]),
        "a sentence about covers",
        "[" * 5_000,
        "{" * 70_000,
        "['x'" + ", 1" * 30_000,
    ],
)
def test_text_that_is_neither_a_url_nor_json_is_an_error(column: str) -> None:
    with pytest.raises(NotJsonError):
        candidate_urls(column)


def test_static_images_come_before_heic_and_heic_before_animated() -> None:
    column = {"dynamicCover": C, "cover": HEIC, "origin_cover": A}
    assert candidate_urls(column) == [A, HEIC, C]


def test_the_same_preference_holds_within_a_list() -> None:
    assert candidate_urls({"url_list": [HEIC, A]}) == [A, HEIC]


def test_urls_under_an_animated_key_are_animated() -> None:
    column = {"animated_cover": {"url_list": [A]}, "thumbnail_url": B}
    assert candidate_urls(column) == [B, A]


def test_other_links_of_a_video_are_not_covers() -> None:
    """A share link or the video file would be downloaded in vain, or instead of a HEIC cover."""
    column = {
        "share_url": "https://www.tiktok.com/@charli/video/1",
        "play_addr": {"url_list": ["https://v16.tiktokcdn.com/video.mp4"]},
        "cover": HEIC,
    }
    assert candidate_urls(column) == [HEIC]


def test_avatars_and_music_images_are_not_covers() -> None:
    """Apify's items put musicMeta, with a cover of its own, before videoMeta."""
    column = {
        "authorMeta": {"avatar": B},
        "musicMeta": {"coverMediumUrl": C},
        "avatar_thumb": B,
        "videoMeta": {"coverUrl": A},
    }
    assert candidate_urls(column) == [A]


def test_a_link_under_another_key_is_used_if_no_key_names_a_cover() -> None:
    assert candidate_urls({"image": A}) == [A]


@pytest.mark.parametrize("title", ["[LIVE] hello", '"quoted', "{braces}", "Note: this"])
def test_a_title_next_to_the_cover_does_no_harm(title: str) -> None:
    assert candidate_urls({"title": title, "cover": A}) == [A]


def test_nesting_is_limited() -> None:
    column: object = A
    for _ in range(50):
        column = [column]
    assert candidate_urls(column) == []


def test_keys_that_are_not_text_are_ignored() -> None:
    assert candidate_urls({1: A, "cover": B}) == [B]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (b"a\xff", "a\ufffd"), (bytearray(b"b"), "b"), (3, "3")]
)
def test_any_value_has_a_text(value: object, text: str) -> None:
    assert text_of(value) == text
