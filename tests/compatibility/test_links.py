"""Links that people have work for ever, and what is stored about them keeps its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rendition_lambda.links.link_item import (
    Link,
    Reservation,
    is_link,
    link_from,
    reservation_from,
    reservation_key_of,
)
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.terms import Terms
from rendition_lambda.photo_item import TTL_ATTRIBUTE
from rendition_lambda.uploading.signed import PART_BYTES, PartsUpload
from stream_ingest.aws.items import from_wire
from tests.compatibility.generations import FOLDER, RECORD, driver, recorded
from tests.compatibility.test_photos import shape
from tests.fakes.photos.kms import KEY, FakeKms

GENERATIONS = sorted(each.parent.name for each in FOLDER.glob("*/links.json"))
ID, OTHER = "0123456789abcdef", "fedcba9876543210"
NOW, LARGE = "2026-11-29T10:00:00.000Z", 2 * PART_BYTES + 1
TERMS = {"expires_at": 1_900_000_000, "max_files": 100, "max_bytes": 5 << 30}


def items(generation: str) -> list[Mapping[str, Any]]:
    return [from_wire(item) for item in recorded(generation, "links")["items"]]


def test_what_links_store_now_is_recorded() -> None:
    """Whoever changes a format reads in the README what to consider, and records it again.

    Texts are compared whole: a link is read by any release, so nothing may be added to it.
    """
    now, then = driver("link_driver").write(), recorded("unreleased", "links")
    assert now["texts"] == then["texts"], f"links that people have would not work: {RECORD}"
    assert set(shape(now)) == set(shape(then)), f"a stored format changed: {RECORD}"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_links_that_were_issued_are_read(generation: str) -> None:
    texts, key = recorded(generation, "links")["texts"], LinkKey(FakeKms(), KEY)
    assert {name: key.read(text) for name, text in texts.items()} == {
        "Hochzeit ü": Terms(id=ID, gallery="Hochzeit ü", **TERMS),
        "augmentation": Terms(id=OTHER, gallery=None, **TERMS),
    }


@pytest.mark.parametrize("generation", GENERATIONS)
def test_items_of_links_keep_their_meaning(generation: str) -> None:
    links = [link_from(item) for item in items(generation) if is_link(item)]
    facts = {"link_expires_at": 1_900_000_000, "max_files": 100, "max_bytes": 5 << 30}
    assert links == [
        Link(id=ID, folder="Hochzeit ü", created_at=NOW, files=3, bytes=3 * LARGE, **facts),
        Link(id=OTHER, created_at=NOW, revoked_at=NOW, **facts),
    ]
    assert {item[TTL_ATTRIBUTE] for item in items(generation)} == {1_900_000_000 + 30 * 86_400}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_files_that_were_signed_are_found_and_resumed(generation: str) -> None:
    by_key = {item["photo"]: item for item in items(generation)}

    def reserved(name: str) -> Reservation:
        return reservation_from(by_key[reservation_key_of(ID, f"Hochzeit ü/{name}.jpg")["photo"]])

    def parts(name: str) -> PartsUpload:
        key = f"Hochzeit ü/{name}.jpg"
        return PartsUpload(key=key, upload_id="upload-1", bytes=LARGE, replace=False, nonce="0a")

    assert (reserved("signed").bytes, reserved("signed").parts) == (LARGE, None)
    assert (reserved("sending").parts, reserved("sending").is_stored) == (parts("sending"), False)
    assert reserved("sending").is_of(LARGE, 1_764_400_000_123)
    assert (reserved("stored").parts, reserved("stored").is_stored) == (parts("stored"), True)
