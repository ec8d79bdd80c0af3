"""Only what the stack has signed is a link."""

from __future__ import annotations

import msgspec
import pytest

from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.terms import (
    MAX_TEXT,
    NoLinkError,
    Terms,
    link_text,
    link_url,
    read_link,
)
from rendition_lambda.names import MAX_GALLERY_BYTES
from tests.fakes.photos.kms import KEY, FakeKms

TERMS = Terms(
    id="0123456789abcdef",
    gallery="Hochzeit ü",
    expires_at=1_800_000_000,
    max_files=100,
    max_bytes=5_000_000_000,
)


@pytest.fixture
def kms() -> FakeKms:
    return FakeKms()


def text_of(terms: Terms, kms: FakeKms) -> str:
    return link_text(terms, LinkKey(kms, KEY).mac(terms))


@pytest.mark.parametrize("gallery", ["g", "Hochzeit ü", "ä" * (MAX_GALLERY_BYTES // 2), None])
def test_a_link_is_read_back(kms: FakeKms, gallery: str | None) -> None:
    terms = msgspec.structs.replace(TERMS, gallery=gallery)
    text = text_of(terms, kms)
    assert LinkKey(kms, KEY).read(text) == terms
    assert len(text) < MAX_TEXT
    assert text.isascii()


def test_the_link_is_behind_the_hash_of_its_address(kms: FakeKms) -> None:
    """Browsers do not send that part, so no access log has it."""
    text = text_of(TERMS, kms)
    assert link_url("photos.example.com", text) == f"https://photos.example.com/upload/#{text}"


@pytest.mark.parametrize(
    "change",
    [
        {"gallery": "other"},
        {"gallery": None},
        {"expires_at": TERMS.expires_at + 1},
        {"max_files": 101},
        {"max_bytes": 2**50},
        {"id": "0" * 16},
    ],
)
def test_terms_that_were_changed_are_refused(kms: FakeKms, change: dict[str, object]) -> None:
    mac = LinkKey(kms, KEY).mac(TERMS)
    changed = msgspec.structs.replace(TERMS, **change)
    with pytest.raises(NoLinkError):
        LinkKey(kms, KEY).read(link_text(changed, mac))


def test_a_link_of_another_stack_is_refused(kms: FakeKms) -> None:
    with pytest.raises(NoLinkError):
        LinkKey(kms, KEY).read(text_of(TERMS, FakeKms(b"another")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a",
        "e30.e30",
        "ü.ü",
        "W10.AAAA",
        "eyJpIjoxfQ.AAAA",
        "=.=",
        "a b.c d",
        "x" * (MAX_TEXT + 1),
    ],
)
def test_what_is_no_link_is_refused_without_a_request(kms: FakeKms, text: str) -> None:
    with pytest.raises(NoLinkError):
        LinkKey(kms, KEY).read(text)
    assert kms.verified == 0


@pytest.mark.parametrize(
    "change", [{"id": "../../x"}, {"id": "0123456789ABCDEF"}, {"max_files": 0}, {"max_bytes": 0}]
)
def test_terms_outside_their_bounds_are_no_link(kms: FakeKms, change: dict[str, object]) -> None:
    terms = msgspec.structs.replace(TERMS, **change)
    with pytest.raises(NoLinkError):
        read_link(text_of(terms, kms))
