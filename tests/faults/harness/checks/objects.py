"""Checks that every window has exactly its objects, and that status and metadata match them."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence

from collage_lambda.originals.image_pack import open_pack
from collage_lambda.originals.originals_pack import OriginalsReader
from collage_lambda.originals.shared_pack import SharedIndex
from collage_lambda.output.keys import WindowKeys, keys_of
from collage_lambda.shares import Share, is_shared_key
from stream_ingest.contracts import table
from stream_ingest.contracts.events import CollageCreated, CollageFailed
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.object_keys import ATTEMPTS_PREFIX
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.intake.job_store import CHUNKS_PREFIX
from tests.fakes.ingest.aws import OUTPUT, TEMP
from tests.faults.harness.checks.table import Table, Window
from tests.faults.harness.fake_images import fake_image, identities_in
from tests.faults.harness.simulated_account import SimulatedAccount

_NOT_OF_WINDOWS = ("failed/", "aws/lambda/", "results/")
_SHORT_LIVED = ("prefetched/", ATTEMPTS_PREFIX, CHUNKS_PREFIX)
"""What a fault may leave in the temporary bucket, whose lifecycle rules remove it."""


def check_objects(account: SimulatedAccount, windows: Sequence[Window]) -> None:
    """Every window has ended; bucket, table and bus agree."""
    expected: set[str] = set()
    for window in windows:
        keys = keys_of(window.event)
        status = window.status["status"]
        assert status in table.ENDED, (window.event.window_id, status)
        assert not {"due_at", "due_shard", "lease_owner", "lease_until"} & window.status.keys()
        if status == WindowStatus.FAILED:
            expected.add(keys.metadata)
            _check_failure(account, window, keys)
        else:
            expected |= {keys.collage, keys.by_creator, keys.thumbnail, keys.metadata}
            _check_collage(account, window, keys)
    check_contents(account, windows)
    found = {key for key in account.s3.keys(OUTPUT) if not key.startswith(_NOT_OF_WINDOWS)}
    assert found == expected
    stored = {w.status["originals_key"] for w in windows if "originals_key" in w.status}
    temp = {key for key in account.s3.keys(TEMP) if not key.startswith(_SHORT_LIVED)}
    own = {key for key in temp if not is_shared_key(key)}
    assert stored <= temp
    assert own <= {keys_of(w.event).originals for w in windows}
    _check_shared_packs(account, windows, temp - own)


def _check_shared_packs(
    account: SimulatedAccount, windows: Sequence[Window], keys: set[str]
) -> None:
    """Packs have windows' originals alone, each at the range that the window's metadata names."""
    creators = {window.event.window_id: window.event.creator for window in windows}
    members = {}
    for key in keys:
        body = account.s3.read(TEMP, key)
        for each in open_pack(io.BytesIO(body), SharedIndex)[1].members:
            assert creators[each.window] == each.creator
            members[each.window, key] = each.offset, each.length
            part = body[each.offset : each.offset + each.length]
            assert OriginalsReader(io.BytesIO(part)).count
    for window in windows:
        share = _share_of(account, keys_of(window.event))
        recorded = window.status.get("originals_key", "")
        assert (share and share.key) == (recorded if is_shared_key(recorded) else None)
        if share:
            assert members[window.event.window_id, share.key] == (share.offset, share.length)


def _share_of(account: SimulatedAccount, keys: WindowKeys) -> Share | None:
    """Return the share that the metadata of a window's metadata names."""
    stored = account.s3.versions[OUTPUT, keys.metadata][-1]
    return Share.parse(stored.metadata.get("originals", ""))


def _check_collage(account: SimulatedAccount, window: Window, keys: WindowKeys) -> None:
    window_id, status = window.event.window_id, window.status
    wanted = [image.identity for image in window.event.images]
    collage = account.s3.read(OUTPUT, keys.collage)
    shown = identities_in(collage)
    assert shown == [each for each in wanted if each in shown], window_id
    assert not set(shown) & account.covers.gone, window_id
    hidden = set(wanted) - set(shown) - account.covers.missed
    _check_hidden(account, window.event.creator, hidden, window_id)
    assert (status["status"] == WindowStatus.COMPLETED) is (shown == wanted), window_id
    counts = int(status["images_ok"]), int(status["images_failed"])
    assert counts == (len(shown), len(wanted) - len(shown)), window_id
    sha256 = hashlib.sha256(collage).hexdigest()
    assert status["collage_sha256"] == sha256, window_id
    assert account.s3.read(OUTPUT, keys.by_creator) == collage, window_id
    assert account.s3.read(OUTPUT, keys.thumbnail) == fake_image("thumbnail", shown), window_id
    _check_metadata(account, window, keys, sha256, shown)
    created = [each for each in account.emitted(CollageCreated) if each["window_id"] == window_id]
    announced = {each["sha256"] for each in created}
    versions = account.s3.versions[OUTPUT, keys.collage]
    assert sha256 in announced, f"{window_id} was never emitted"
    assert announced <= {hashlib.sha256(version.body).hexdigest() for version in versions}
    sizes = [len(identities_in(version.body)) for version in versions]
    assert sizes == sorted(sizes), f"{window_id}: a collage was replaced by one with fewer images"


def check_contents(account: SimulatedAccount, windows: Sequence[Window]) -> None:
    """No two collages of a creator show the same bytes, and the table names the one that does."""
    items = Table(account).items
    owners = {place: int(items[place]["window"]) for place in items if "content#" in place[1]}
    if not account.contents:
        assert not owners
        return
    for window in windows:
        key, number = split_window_id(window.event.window_id)
        for identity in _shown_in(account, window):
            sha256 = hashlib.sha256(account.covers.bytes_of(identity)).hexdigest()
            assert owners[key, table.content_item(sha256)] == number, window.event.window_id
    seen = Counter(
        (window.event.creator, account.covers.bytes_of(identity))
        for window in windows
        for identity in _shown_in(account, window)
    )
    assert not [image for image, count in seen.items() if count > 1]


def _check_hidden(
    account: SimulatedAccount, creator: str, hidden: set[str], window_id: str
) -> None:
    """Images that were available and are not shown have their bytes in a collage all the same."""
    if not account.contents:
        assert not hidden, f"{window_id}: available, but not shown"
        return
    shown = {
        account.covers.bytes_of(identity)
        for window in Table(account).windows[creator]
        for identity in _shown_in(account, window)
    }
    missing = {each for each in hidden if account.covers.bytes_of(each) not in shown}
    assert not missing, f"{window_id}: available, but in no collage"


def _shown_in(account: SimulatedAccount, window: Window) -> list[str]:
    if window.status["status"] == WindowStatus.FAILED:
        return []
    return identities_in(account.s3.read(OUTPUT, keys_of(window.event).collage))


def _check_failure(account: SimulatedAccount, window: Window, keys: WindowKeys) -> None:
    window_id, status = window.event.window_id, window.status
    assert (int(status["images_ok"]), status.get("collage_key")) == (0, None), window_id
    assert int(status["images_failed"]) == window.event.image_count
    wanted = {image.identity for image in window.event.images}
    _check_hidden(account, window.event.creator, wanted - account.covers.missed, window_id)
    _check_metadata(account, window, keys, None, [])
    failures = [each for each in account.emitted(CollageFailed) if each["window_id"] == window_id]
    assert failures, f"{window_id} was never emitted"


def _check_metadata(
    account: SimulatedAccount,
    window: Window,
    keys: WindowKeys,
    sha256: str | None,
    shown: list[str],
) -> None:
    metadata = json.loads(account.s3.read(OUTPUT, keys.metadata))
    assert metadata["window_id"] == window.event.window_id
    assert metadata["collage_sha256"] == sha256, f"{window.event.window_id}: metadata of another"
    ok = [cell["identity"] for cell in metadata["cells"] if cell["status"] == "ok"]
    assert ok == shown, window.event.window_id
