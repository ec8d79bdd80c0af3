"""URLs like TikTok's, with signatures that protect them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from ops_dashboard.local.samples.cover_model import (
    NO_TEMPLATE,
    TEMPLATES,
    Behaviour,
    Cover,
    UrlSigner,
    object_id_of,
)

COVER = Cover(object_id="0a" * 16, creator_index=1, caption="x", number=2)
SIGNER = UrlSigner(base_url="http://127.0.0.1:8080", secret=b"secret")
EXPIRES_S = 1_795_330_800


def is_valid(url: str, signer: UrlSigner = SIGNER, now_s: float = EXPIRES_S - 1) -> bool:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return signer.is_valid(parts.path, query["x-expires"][0], query["x-signature"][0], now_s)


@pytest.mark.parametrize("template", [*TEMPLATES, NO_TEMPLATE])
def test_a_url_contains_its_object_id(template: str) -> None:
    path = urlsplit(SIGNER.url(COVER, template, EXPIRES_S)).path
    assert object_id_of(path) == COVER.object_id
    assert path == f"/obj/{COVER.identity}{template}"


@pytest.mark.parametrize("path", ["/", "/obj/x/y", "/obj/tos-a/0a0a", "/a/b/" + "0a" * 16])
def test_any_other_path_has_no_object_id(path: str) -> None:
    assert object_id_of(path) is None


def test_a_signature_is_valid_until_it_expires() -> None:
    url = SIGNER.url(COVER, TEMPLATES[0], EXPIRES_S)
    assert is_valid(url)
    assert not is_valid(url, now_s=EXPIRES_S)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (str(EXPIRES_S), str(EXPIRES_S + 3600)),
        ("360p", "720p"),
        ("/obj/", "/"),
        ("0a0a", "0b0a"),
    ],
)
def test_a_rewritten_url_is_not_valid(old: str, new: str) -> None:
    url = SIGNER.url(COVER, TEMPLATES[0], EXPIRES_S)
    assert not is_valid(url.replace(old, new, 1))


def test_another_servers_signature_is_not_valid() -> None:
    other = UrlSigner(base_url=SIGNER.base_url, secret=b"other")
    assert not is_valid(other.url(COVER, TEMPLATES[0], EXPIRES_S))


def test_signatures_contain_characters_that_must_be_quoted() -> None:
    """A client that unquotes and does not quote again turns a plus into a space."""
    urls = [SIGNER.url(COVER, TEMPLATES[0], hour * 3600) for hour in range(100)]
    assert any("%2B" in url for url in urls)
    assert any("%2F" in url for url in urls)
    assert all(url.count("%3D") == 1 for url in urls)


def test_four_behaviours_leave_an_empty_cell() -> None:
    assert {kind.value for kind in Behaviour if kind.fails} == {
        "not-found",
        "forbidden",
        "html",
        "truncated",
    }
