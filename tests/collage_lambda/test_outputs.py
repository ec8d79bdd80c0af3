from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from collage_lambda.keys import keys_of
from collage_lambda.outputs import Outputs, Products, PublishConflictError
from stream_ingest.errors import ConflictError, TransientError
from tests.fakes.collage_aws import OUTPUT, CollageAws
from tests.fakes.collage_events import window_image, window_ready

KEYS = keys_of(window_ready([window_image("http://a/b")]))
PRODUCTS = Products(collage=b"collage", thumbnail=b"thumbnail", metadata=b"{}")


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def outputs(aws: CollageAws, threads: ThreadPoolExecutor) -> Outputs:
    return Outputs(aws.s3, OUTPUT, copies_by_creator=True, threads=threads)


def test_a_window_has_four_objects_with_their_types(outputs: Outputs, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, None)
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


def test_the_copy_by_creator_can_be_switched_off(
    aws: CollageAws, threads: ThreadPoolExecutor
) -> None:
    outputs = Outputs(aws.s3, OUTPUT, copies_by_creator=False, threads=threads)
    outputs.publish(KEYS, PRODUCTS, None)
    assert KEYS.by_creator not in aws.stored()


def test_of_two_first_builds_one_publishes(outputs: Outputs, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, None)
    late = Products(collage=b"late", thumbnail=b"late", metadata=b"late")
    with pytest.raises(PublishConflictError):
        outputs.publish(KEYS, late, None)
    assert aws.read(KEYS.collage) == b"collage"
    assert aws.read(KEYS.by_creator) == b"collage"


def test_a_rebuild_replaces_what_it_saw_and_nothing_else(outputs: Outputs, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, None)
    seen = outputs.etag(KEYS.collage)
    assert seen is not None
    outputs.publish(KEYS, Products(collage=b"new", thumbnail=b"", metadata=b""), seen)
    assert aws.read(KEYS.collage) == b"new"
    with pytest.raises(PublishConflictError):
        outputs.publish(KEYS, PRODUCTS, seen)
    assert aws.read(KEYS.collage) == b"new"
    assert issubclass(PublishConflictError, ConflictError)


def test_a_collage_that_vanished_is_a_conflict(outputs: Outputs, aws: CollageAws) -> None:
    outputs.publish(KEYS, PRODUCTS, None)
    seen = outputs.etag(KEYS.collage)
    aws.s3.delete_object(Bucket=OUTPUT, Key=KEYS.collage)
    with pytest.raises(PublishConflictError):
        outputs.publish(KEYS, PRODUCTS, seen)


def test_nothing_has_no_etag(outputs: Outputs) -> None:
    assert outputs.etag(KEYS.collage) is None


def test_the_collage_comes_after_what_belongs_to_it(
    aws: CollageAws, threads: ThreadPoolExecutor
) -> None:
    order: list[str] = []

    class Watched:
        def put_object(self, **request: object) -> object:
            order.append(request["Key"])
            return aws.s3.put_object(**request)

    outputs: Any = Outputs(Watched(), OUTPUT, copies_by_creator=True, threads=threads)  # type: ignore[arg-type]
    outputs.publish(KEYS, PRODUCTS, None)
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
        def put_object(self, **request: object) -> None:
            if request["Key"] == KEYS.collage:
                raise ClientError(
                    {
                        "Error": {"Code": code, "Message": "no"},
                        "ResponseMetadata": {"HTTPStatusCode": status},
                    },  # type: ignore[typeddict-item]
                    "PutObject",
                )

    outputs: Any = Outputs(Refusing(), OUTPUT, copies_by_creator=True, threads=threads)  # type: ignore[arg-type]
    with pytest.raises(error):
        outputs.publish(KEYS, PRODUCTS, None)
