from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.identity import (
    FINGERPRINT_BYTES,
    expires_at,
    fingerprint,
    image_identity,
    signed_image,
)
from tests.fakes.ingest.rows import cover_url, object_id

COVER = "tos-maliva-p-0068/4c9b8f3e_1649976518"


@pytest.mark.parametrize(
    "url",
    [
        f"https://p16-sign-va.tiktokcdn.com/{COVER}~tplv-tiktokx-360p.webp?x-expires=1&x-signature=a",
        f"https://p19-sign.tiktokcdn-us.com/{COVER}~tplv-noop.image?x-expires=2&x-signature=b",
        f"https://p16-common-sign.tiktokcdn-eu.com/{COVER}~tplv-tiktokx-cropcenter-q:300:400:q70.heic",
        f"https://p16-sg.tiktokcdn.com/obj/{COVER}",
        f"http://p77-sign-sg.tiktokcdn.com/{COVER}.jpeg?lk3s=1&nonce=2&refresh_token=3",
        f"https://p16.muscdn.com/img/{COVER}~c5_100x100.jpeg",
        f"https://lf16.ibyteimg.com:443/{COVER}~tplv-photomode-shrink-v1:1080:0:q80.heic",
        f"HTTPS://P16-SIGN-VA.TIKTOKCDN.COM/{COVER}~tplv-tiktokx-360p.jpeg",
        f"https://example.com/{COVER}~tplv-dmt-logom:tos-useast2a-v-0068/7f.image",
        f"http://127.0.0.1:8000/obj/{COVER}~tplv-noop.image?x-expires=3",
        f"https://p16-sign-va.tiktokcdn.com/{COVER}%7Etplv-tiktokx-360p.webp?x-expires=1",
    ],
)
def test_one_image_has_one_identity_however_it_is_served(url: str) -> None:
    """All but the object's path varies from scrape to scrape (docs/facts.md#image-identity)."""
    assert image_identity(url) == COVER


def test_two_objects_are_two_images() -> None:
    assert image_identity(cover_url(1)) == object_id(1)
    assert image_identity(cover_url(1)) != image_identity(cover_url(2))


def test_a_timestamp_at_the_end_is_part_of_the_object_id() -> None:
    url = "https://p16-sign-va.tiktokcdn.com/tos-maliva-p-0068/4c9b_{}~tplv-noop.image"
    assert image_identity(url.format(1649976518)) != image_identity(url.format(1649976519))


@given(
    st.integers(0, 50),
    st.sampled_from(["p16-sign-va.tiktokcdn.com", "p19-sign.tiktokcdn-us.com", "127.0.0.1:81"]),
    st.sampled_from(["~tplv-noop", "~tplv-tiktokx-360p", "~tplv-tiktokx-cropcenter:1080:1080"]),
    st.sampled_from([".jpeg", ".webp", ".heic", ".image"]),
    st.integers(1, 10**10) | st.none(),
)
def test_signing_again_never_changes_the_identity(
    number: int, host: str, template: str, extension: str, expires: int | None
) -> None:
    url = cover_url(number, host=host, template=template, extension=extension, expires=expires)
    assert image_identity(url) == object_id(number)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a.jpg?x-expires=1&x-signature=s", "https://example.com/a.jpg"),
        ("https://example.com/a.jpg?v=1&Expires=9&Signature=x", "https://example.com/a.jpg?v=1"),
        (
            "https://b.s3.amazonaws.com/a.jpg?X-Amz-Date=1&X-Amz-Signature=2&v=1",
            "https://b.s3.amazonaws.com/a.jpg?v=1",
        ),
        (
            "https://b.s3.amazonaws.com/a.jpg?AWSAccessKeyId=A&Expires=1&Signature=s",
            "https://b.s3.amazonaws.com/a.jpg",
        ),
        ("https://d1.cloudfront.net/a?Policy=p&Key-Pair-Id=k", "https://d1.cloudfront.net/a"),
        ("https://example.com/a.jpg#top", "https://example.com/a.jpg"),
        ("HTTPS://Example.COM/a.jpg", "https://example.com/a.jpg"),
    ],
)
def test_on_other_hosts_only_the_signature_is_removed(one: str, other: str) -> None:
    assert image_identity(one) == image_identity(other) == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a.jpg?id=1", "https://example.com/a.jpg?id=2"),
        ("https://example.com/a.jpg", "https://example.com/A.jpg"),
        ("https://example.com/a.jpg", "https://example.org/a.jpg"),
        ("https://example.com/a/b~1.jpg", "https://example.com/a/b~2.jpg"),
        ("https://example.com/u/x/~ann/1.jpg", "https://example.com/u/x/~ben/1.jpg"),
        ("https://a.akamaized.net/img/1.jpg", "https://b.akamaized.net/img/1.jpg"),
        ("https://mytiktokcdn.com/a/1~x", "https://mytiktokcdn.com/a/1~y"),
        ("https://tiktokcdn.com.example.org/a/1~x", "https://tiktokcdn.com.example.org/a/1~y"),
    ],
)
def test_on_other_hosts_two_urls_are_two_images(one: str, other: str) -> None:
    """A tilde is a template's only where TikTok's path is certain: else images would be lost."""
    assert image_identity(one) != image_identity(other)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?x-expires=1794000000&x-signature=a", 1_794_000_000),
        ("?a=b&x-expires=1794000000", 1_794_000_000),
        ("?x-expires=1794000000#x", 1_794_000_000),
        ("?x-expires=0", 0),
        ("?x-expires=999999999999", 999_999_999_999),
        ("?x-expires=1&x-expires=2", 1),
        ("", None),
        ("?x-expires=", None),
        ("?x-expires=soon", None),
        ("?x-expires=17e8", None),
        ("?x-expires=-1", None),
        ("?x-expires=1794000000000", None),
        ("?not-x-expires=1", None),
        ("?q=x-expires=1", None),
        ("/x-expires=1", None),
    ],
)
def test_the_expiry_is_read_from_the_url(query: str, expected: int | None) -> None:
    assert expires_at("https://p16-sign-va.tiktokcdn.com/a/b" + query) == expected


PARTS = st.sampled_from(
    [
        *("https://", "http://", "p16.tiktokcdn.com", "/", "obj/", COVER, "~tplv-", "360p.jpeg"),
        *("?", "&", "#", "=", "a", "x-expires=", "x-expires=1794000000", "1", "soon"),
        *("x-signature=a%3D", " ", "\n", "\\", "é", "\x7f", "@", ":", "'", '"', "|", "~"),
    ]
)


@given(
    st.lists(PARTS, max_size=12).map("".join),
    st.sampled_from(["", f"https://p16.tiktokcdn.com/{COVER}~tplv-", cover_url(1, expires=5)]),
)
def test_the_fast_path_agrees_with_the_general_one(end: str, beginning: str) -> None:
    """Whatever `signed_image` knows must be what the three functions that it spares would say."""
    url = beginning + end
    if signed := signed_image(url):
        assert signed == (image_identity(url), expires_at(url))
        assert url.isascii()
        assert url.isprintable()
        assert not {" ", "\\"} & set(url)


def test_the_usual_url_takes_the_fast_path() -> None:
    assert signed_image(cover_url(1, expires=1_794_000_000)) == (object_id(1), 1_794_000_000)
    assert signed_image(cover_url(1, expires=None)) is None


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("", "ddd9c40767f9"),
        (COVER, "7c0f8f0a14c4"),
        ("https://example.com/é.jpg", "9a830e62debc"),
    ],
)
def test_fingerprints_never_change(identity: str, expected: str) -> None:
    """They are the dedup memory in the table: another hash would let every image in twice."""
    assert fingerprint(identity).hex() == expected


@given(st.text())
def test_a_fingerprint_is_48_bits(identity: str) -> None:
    assert len(fingerprint(identity)) == FINGERPRINT_BYTES == 48 // 8
