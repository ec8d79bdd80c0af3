"""Writes what upload links store, with the code in the working directory.

``python link_driver.py AFTER`` writes JSON with the texts of two links, and the items of links and
of files that were signed by them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path(__file__).parent)]

from history_driver import dump

from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import Terms, link_text
from rendition_lambda.uploading.signed import PART_BYTES, PartsUpload
from stream_ingest.aws.items import from_wire
from tests.fakes.photos.account import TABLE, PhotoAccount
from tests.fakes.photos.kms import KEY, FakeKms

NOW = "2026-11-29T10:00:00.000Z"
LARGE = 2 * PART_BYTES + 1
TERMS = {
    gallery or "augmentation": Terms(
        id=id_,
        gallery=gallery,
        expires_at=1_900_000_000,
        max_files=100,
        max_bytes=5 << 30,
    )
    for id_, gallery in (("0123456789abcdef", "Hochzeit ü"), ("fedcba9876543210", None))
}


def write() -> dict[str, Any]:
    """Return what is stored about links, in a JSON form."""
    account, key = PhotoAccount(), LinkKey(FakeKms(), KEY)
    table = LinkTable(account.dynamodb, TABLE)  # type: ignore[arg-type]  # a fake
    for terms in TERMS.values():
        table.create(terms, NOW)
    gallery, augmentation = TERMS.values()
    for name in ("signed", "sending", "stored"):
        photo = f"Hochzeit ü/{name}.jpg"
        table.count(gallery, 1, LARGE)
        table.reserve(gallery, photo, LARGE)
        if name != "signed":
            parts = PartsUpload(
                key=photo, upload_id="upload-1", bytes=LARGE, replace=False, nonce="0a"
            )
            table.set_parts(gallery, photo, parts, 1_764_400_000_123)
    table.set_stored(gallery, "Hochzeit ü/stored.jpg", NOW)
    table.revoke(augmentation.id, NOW)
    return {
        "texts": {name: link_text(terms, key.mac(terms)) for name, terms in TERMS.items()},
        "items": sorted(account.dynamodb.items.values(), key=lambda item: str(from_wire(item))),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dump(write()), encoding="utf-8")
