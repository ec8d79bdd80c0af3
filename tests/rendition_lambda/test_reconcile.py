"""A photo's outputs are those of its current version and its recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from rendition_lambda import names
from rendition_lambda.messages import RenderRequest, encode_request
from rendition_lambda.photo_item import PhotoStatus
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, Recipe
from rendition_lambda.renditions import CACHE_CONTROL
from rendition_lambda.uploads import ReplacedError, Uploads
from tests.fakes.photos.account import PhotoAccount
from tests.fakes.photos.renderer import BROKEN, expected
from tests.fakes.photos.s3 import OTHER, UPLOADS
from tests.faults.harness.injector import Fault, Kind

KEY = "g/a.jpg"


@pytest.fixture
def account() -> PhotoAccount:
    return PhotoAccount()


def outputs(recipe: Recipe, gallery: str, stem: str, body: bytes) -> dict[str, bytes]:
    return {
        names.output_key(each, gallery, stem): expected(body, each, recipe)
        for each in recipe.outputs
    }


def test_an_upload_becomes_its_renditions(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert photo.status is PhotoStatus.ACTIVE
    assert account.s3.outputs == outputs(RENDITIONS, "g", "a", b"one")
    edition = names.edition("v1", RENDITIONS.version)
    assert photo.urls["large"] == (f"https://cdn.example.com/renditions/g/a_large.jpg?v={edition}")
    assert set(photo.keys) == set(account.s3.outputs)
    assert account.announced(KEY) == [("RenditionsCreated", "v1")]
    metadata = account.s3.metadata["renditions/g/a_large.jpg"]
    assert metadata["recipe-version"] == RENDITIONS.version
    assert metadata["original-version"] == "v1"
    assert "immutable" in CACHE_CONTROL


def test_an_image_of_the_root_becomes_its_rotations(account: PhotoAccount) -> None:
    account.put("cat.jpg", b"one")
    account.drain()

    found = dict(account.s3.outputs)
    assert found.pop("manifests/cat.jsonl").count(b"\n") == len(AUGMENTATION.outputs)
    assert found == outputs(AUGMENTATION, "original-uploads", "cat", b"one")


def test_photos_that_want_one_stem_share_none(account: PhotoAccount) -> None:
    for key in ("g/a.jpg", "g/a.JPG", "g/a.png", "g/b/a.png"):
        account.put(key, key.encode())
    account.drain()

    stems = {photo.stem for photo in account.photos()}
    assert stems > {"a", "a-jpg", "a-png"}
    assert len(stems) == 4
    assert len(account.s3.outputs) == 16


def test_a_replaced_photo_has_the_outputs_of_its_new_version(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()
    before = account.photo(KEY)
    account.put(KEY, b"two")
    account.drain()

    photo = account.photo(KEY)
    assert before is not None
    assert photo is not None
    assert account.s3.outputs == outputs(RENDITIONS, "g", "a", b"two")
    assert photo.urls["small"] != before.urls["small"]
    assert photo.urls["small"].partition("?")[0] == before.urls["small"].partition("?")[0]
    assert account.announced(KEY)[-1] == ("RenditionsCreated", "v2")


def test_nothing_is_left_of_a_deleted_photo(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()
    account.delete(KEY)
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert photo.status is PhotoStatus.DELETED
    assert photo.expires_at is not None
    assert account.s3.outputs == {}
    assert account.announced(KEY)[-1] == ("RenditionsRemoved", "v1")


def test_a_broken_file_fails_with_its_reason(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()
    account.put(KEY, BROKEN)
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert (photo.status, photo.reason, photo.detail) == ("failed", "corrupt", "no pixels")
    assert account.s3.outputs == {}
    assert account.announced(KEY)[-1] == ("RenditionsFailed", "v2")


def test_the_same_event_again_changes_nothing(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.put("g/b.jpg", BROKEN)
    account.put("g/c.txt", b"text")
    account.put("g/d.jpg", b"gone")
    account.delete("g/d.jpg")
    account.drain()
    items, puts = dict(account.dynamodb.items), account.s3.puts
    for key in (KEY, "g/b.jpg", "g/c.txt", "g/d.jpg", "g/never.jpg", "g/folder/"):
        account.request(key)
    account.drain()

    assert account.dynamodb.items == items
    assert account.s3.puts == puts


def test_a_request_can_render_again_what_has_ended(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()
    account.request(KEY, again=True)
    account.drain()

    assert account.s3.puts == 2 * len(RENDITIONS.outputs)


def test_another_recipe_leaves_nothing_of_the_one_before(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()
    smaller = replace(RENDITIONS, outputs=RENDITIONS.outputs[2:])
    account.recipe_of = lambda _: smaller
    account.request(KEY)
    account.drain()

    assert account.s3.outputs == outputs(smaller, "g", "a", b"one")


@pytest.mark.parametrize("nth", range(20))
@pytest.mark.parametrize("kind", [Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.LOST, Kind.RETRIED])
def test_a_photo_is_replaced_whatever_call_fails(
    account: PhotoAccount, nth: int, kind: Kind
) -> None:
    if kind is Kind.LOST:
        account.put(KEY, b"one")
        account.drain()
    account.put(KEY, b"two")
    fault = Fault(kind, nth, service="dynamodb" if nth % 2 else "")
    if kind is Kind.LOST:  # only AWS can lose an answer
        fault = Fault(kind, nth // 3, service=("dynamodb", "s3", "events")[nth % 3])
    account.deliver(faults=[fault])
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert photo.status is PhotoStatus.ACTIVE
    assert account.s3.outputs == outputs(RENDITIONS, "g", "a", b"two")
    assert account.announced(KEY)[-1][0] == "RenditionsCreated"


def test_a_crash_at_the_last_receipt_is_recorded(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    for _ in range(5):
        account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service="render")])
        account.clock.advance(721)
    account.deliver()

    photo = account.photo(KEY)
    assert photo is not None
    assert (photo.status, photo.reason) == (PhotoStatus.FAILED, "crashed")
    assert len(account.dead_letters.messages) == 1


@pytest.mark.parametrize("change", ["replaced", "deleted"])
def test_what_happens_while_a_photo_is_rendered_counts(
    account: PhotoAccount, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is looked up again before the end is recorded, without another event."""
    account.put(KEY, b"one")
    put_object = account.s3.put_object

    def put_and_change(**request: object) -> dict[str, object]:
        if account.s3.current(KEY) is not None and account.s3.puts == 0:
            if change == "replaced":
                account.s3.upload(KEY, b"two")
            else:
                account.s3.remove(KEY)
        return put_object(**request)

    monkeypatch.setattr(account.s3, "put_object", put_and_change)
    account.drain()

    wanted = outputs(RENDITIONS, "g", "a", b"two") if change == "replaced" else {}
    assert account.s3.outputs == wanted


def test_a_version_that_is_gone_is_not_the_end(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    first = account.s3.current(KEY)
    assert first is not None
    account.s3.upload(KEY, b"two")
    account.s3.forget(KEY, first.id)
    account.drain()

    assert account.s3.outputs == outputs(RENDITIONS, "g", "a", b"two")


def test_a_photo_of_another_bucket_has_outputs_beside_that_of_the_same_key(
    account: PhotoAccount,
) -> None:
    account.put(KEY, b"one")
    account.s3.upload(KEY, b"two", OTHER)
    account.queue.send(encode_request(RenderRequest(render=KEY, bucket=OTHER)))
    account.drain()

    own, other = account.photo(KEY), account.photo(f"s3://{OTHER}/{KEY}")
    assert own is not None
    assert other is not None
    assert account.s3.outputs == {
        **outputs(RENDITIONS, "g", "a", b"one"),
        **outputs(RENDITIONS, "g", "a-jpg", b"two"),
    }
    assert other.version == other.etag != ""
    account.s3.remove(KEY, OTHER)
    account.queue.send(encode_request(RenderRequest(render=KEY, bucket=OTHER)))
    account.drain()
    assert account.s3.outputs == outputs(RENDITIONS, "g", "a", b"one")


def test_a_photo_of_another_bucket_that_is_replaced_is_never_half_of_each(
    account: PhotoAccount,
) -> None:
    account.s3.upload(KEY, b"one", OTHER)
    original = Uploads(account.s3, UPLOADS, (OTHER,)).find(f"s3://{OTHER}/{KEY}")  # type: ignore[arg-type]
    account.s3.upload(KEY, b"two", OTHER)

    assert original is not None
    with pytest.raises(ReplacedError):
        Uploads(account.s3, UPLOADS, (OTHER,)).fetch(original, Path("/dev/null"))  # type: ignore[arg-type]


def test_a_request_of_a_run_renders_once_however_often_it_is_delivered(
    account: PhotoAccount,
) -> None:
    account.put(KEY, b"one")
    account.drain()
    for _ in range(3):
        account.queue.send(encode_request(RenderRequest(render=KEY, again=True, run="r1")))
    account.drain()
    assert account.s3.puts == 2 * len(RENDITIONS.outputs)

    account.queue.send(encode_request(RenderRequest(render=KEY, again=True, run="r2")))
    account.drain()
    assert account.s3.puts == 3 * len(RENDITIONS.outputs)
