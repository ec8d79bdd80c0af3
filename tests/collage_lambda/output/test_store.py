from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from collage_lambda.output.keys import keys_of
from collage_lambda.output.store import (
    NO_ETAGS,
    NOTHING,
    OtherWindowError,
    OutputFiles,
    OutputStore,
    PublishConflictError,
)
from stream_ingest.contracts.errors import ConflictError, TransientError
from tests.fakes.collage.aws import OUTPUT, CollageAws
from tests.fakes.collage.events import window_image, window_ready

KEYS = keys_of(window_ready([window_image("http://a/b")]))
PRODUCTS = OutputFiles(collage=b"collage", thumbnail=b"thumbnail", metadata=b"{}")


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def outputs(aws: CollageAws, threads: ThreadPoolExecutor) -> OutputStore:
    return OutputStore(aws.s3, OUTPUT, copies_by_creator=True, threads=threads)


def test_a_window_has_four_objects_with_their_types(outputs: OutputStore, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    types = {
        key: (head["ContentType"], head["CacheControl"])
        for key in aws.stored()
        for head in [aws.s3.head_object(Bucket=OUTPUT, Key=key)]
    }
    picture = ("image/jpeg", "private, max-age=3600")
    assert types == {
        KEYS.collage: picture,
        KEYS.by_creator: picture,
        KEYS.thumbnail: picture,
        KEYS.metadata: ("application/json", "no-cache"),
    }
    assert aws.read(KEYS.by_creator) == aws.read(KEYS.collage) == b"collage"


def test_a_collage_whose_key_is_that_of_its_copy_is_put_once(outputs: OutputStore) -> None:
    """A template may make a folder of the batch, and the batch may be called like the copies."""
    template = "{batch}/{creator}/{creator}_{kind}_{window}"
    event = window_ready([window_image("http://a/b")], batch_id="by-creator", key_template=template)
    keys = keys_of(event)
    assert keys.collage == keys.by_creator
    outputs.publish(keys, PRODUCTS, NO_ETAGS)
    outputs.publish(keys, PRODUCTS, outputs.existing(keys).etags)


def test_the_copy_by_creator_can_be_switched_off(
    aws: CollageAws, threads: ThreadPoolExecutor
) -> None:
    outputs = OutputStore(aws.s3, OUTPUT, copies_by_creator=False, threads=threads)
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    assert KEYS.by_creator not in aws.stored()


def test_of_two_first_builds_one_publishes(outputs: OutputStore, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    late = OutputFiles(collage=b"late", thumbnail=b"late", metadata=b"late")
    with pytest.raises(PublishConflictError):
        outputs.publish(KEYS, late, NO_ETAGS)
    assert aws.read(KEYS.collage) == aws.read(KEYS.by_creator) == b"collage"
    assert aws.read(KEYS.thumbnail) == b"thumbnail"
    assert aws.read(KEYS.metadata) == b"{}"


def test_a_rebuild_replaces_only_the_objects_that_it_found(
    outputs: OutputStore, aws: CollageAws
) -> None:
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    seen = outputs.existing(KEYS).etags
    new = OutputFiles(collage=b"new", thumbnail=b"new", metadata=b"new")
    outputs.publish(KEYS, new, seen)
    with pytest.raises(PublishConflictError):
        outputs.publish(KEYS, PRODUCTS, seen)
    assert {aws.read(key) for key in aws.stored()} == {b"new"}
    assert issubclass(PublishConflictError, ConflictError)


def test_a_second_failure_overwrites_no_metadata(outputs: OutputStore, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    with pytest.raises(PublishConflictError):
        outputs.put_metadata(KEYS, b"no image", NO_ETAGS)
    assert aws.read(KEYS.metadata) == b"{}"


def test_a_collage_that_vanished_is_a_conflict(outputs: OutputStore, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    seen = outputs.existing(KEYS).etags
    aws.s3.delete_object(Bucket=OUTPUT, Key=KEYS.collage)
    with pytest.raises(PublishConflictError):
        outputs.publish(KEYS, PRODUCTS, seen)


def test_no_object_gives_no_etag(outputs: OutputStore) -> None:
    assert outputs.existing(KEYS) == NOTHING


def test_the_collage_is_put_after_thumbnail_and_metadata(
    aws: CollageAws, threads: ThreadPoolExecutor
) -> None:
    order: list[str] = []

    class Watched:
        def put_object(self, **request: object) -> object:
            order.append(request["Key"])
            return aws.s3.put_object(**request)

    outputs: Any = OutputStore(Watched(), OUTPUT, copies_by_creator=True, threads=threads)  # type: ignore[arg-type]
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    assert set(order[:2]) == {KEYS.thumbnail, KEYS.metadata}
    assert order[2:] == [KEYS.collage, KEYS.by_creator]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("SlowDown", 503, TransientError),
        ("ConditionalRequestConflict", 409, PublishConflictError),
        ("PreconditionFailed", 412, PublishConflictError),
        ("AccessDenied", 403, ClientError),
    ],
)
def test_s3s_codes_become_ours(
    threads: ThreadPoolExecutor, code: str, status: int, error: type[Exception]
) -> None:
    class Refusing:
        def head_object(self, **_: object) -> dict[str, dict[str, str]]:
            return {"Metadata": {"sha256": "of another worker's object"}}

        def put_object(self, **request: object) -> None:
            if request["Key"] == KEYS.collage:
                raise ClientError(
                    {
                        "Error": {"Code": code, "Message": "no"},
                        "ResponseMetadata": {"HTTPStatusCode": status},
                    },  # type: ignore[typeddict-item]
                    "PutObject",
                )

    outputs: Any = OutputStore(Refusing(), OUTPUT, copies_by_creator=True, threads=threads)  # type: ignore[arg-type]
    with pytest.raises(error):
        outputs.publish(KEYS, PRODUCTS, NO_ETAGS)


def test_objects_of_a_window_that_closed_at_another_time_are_never_replaced(
    outputs: OutputStore, aws: CollageAws
) -> None:
    """Two windows have one number if a table lost the earlier one (see `rules.numbering`)."""
    outputs.publish(KEYS, PRODUCTS, NO_ETAGS)
    later = msgspec.structs.replace(KEYS, closed_at=KEYS.closed_at + timedelta(seconds=1))
    with pytest.raises(OtherWindowError, match="belongs to another window, which closed at 2026"):
        outputs.existing(later)
    assert sorted(outputs.existing(KEYS).etags) == aws.stored()


def test_objects_of_older_versions_are_replaced_if_they_are_younger_than_their_window(
    outputs: OutputStore, aws: CollageAws
) -> None:
    aws.s3.put_object(Bucket=OUTPUT, Key=KEYS.collage, Body=b"of an earlier version")
    now = datetime.now(UTC)
    before = msgspec.structs.replace(KEYS, closed_at=now - timedelta(seconds=30))
    assert list(outputs.existing(before).etags) == [KEYS.collage]
    after = msgspec.structs.replace(KEYS, closed_at=now + timedelta(minutes=5))
    with pytest.raises(OtherWindowError, match=r"another window, put at .*, before this one"):
        outputs.existing(after)
