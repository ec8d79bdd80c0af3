"""Writes what photos store, with the code in the working directory.

``python photo_driver.py AFTER`` writes JSON with an item of each status, claimed names, messages,
events and a manifest. The commits of generations 1 to 3 have no photos.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path(__file__).parent)]

from history_driver import dump

from rendition_lambda.messages import RenderRequest, encode_request
from stream_ingest.aws.items import from_wire
from tests.fakes.photos.account import VISIBILITY_S, PhotoAccount
from tests.fakes.photos.renderer import BROKEN
from tests.faults.harness.injector import Fault, Kind

CAT = "original-uploads/cats/1.jpg"


def write() -> dict[str, Any]:
    """Return what is stored about photos, in a JSON form."""
    account = PhotoAccount()
    for key, body in (
        ("g/active.jpg", b"one"),
        (CAT, b"one"),
        ("g/failed.jpg", BROKEN),
        ("g/notes.txt", b"text"),
        ("g/deleted.jpg", b"one"),
    ):
        account.put(key, body)
    account.drain()
    account.delete("g/deleted.jpg")
    account.drain()
    account.expect("g/pending.jpg")
    _kill(account, "g/crashed.jpg", "render", receipts=5)
    _kill(account, "g/unannounced.jpg", "events", receipts=1)
    _kill(account, "g/processing.jpg", "render", receipts=1)
    items = sorted(account.dynamodb.items.values(), key=lambda item: str(from_wire(item)))
    requests = [
        RenderRequest(render="g/active.jpg"),
        RenderRequest(render="a.jpg", bucket="archive", again=True, run="run-1"),
    ]
    return {
        "items": items,
        "messages": [encode_request(each) for each in requests],
        "events": account.bus.received,
        "manifest": account.s3.outputs["manifests/1.jsonl"].decode(),
    }


def _kill(account: PhotoAccount, key: str, service: str, *, receipts: int) -> None:
    """Upload a photo and kill the function that many times before a call; lose its message."""
    account.put(key, b"one")
    for _ in range(receipts):
        account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service=service)])
        account.clock.advance(VISIBILITY_S + 1)
    account.queue.messages.clear()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dump(write()), encoding="utf-8")
