"""A link signs what its terms allow, counts each file once, and nothing after its end."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from rendition_lambda.links.api import BegunParts, LinkRefusedError
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import link_text, read_link
from rendition_lambda.photo_item import TTL_ATTRIBUTE
from rendition_lambda.uploading.request import UploadRefusedError
from rendition_lambda.uploading.signed import PART_BYTES
from rendition_lambda.uploading.signer import UploadExistsError, UploadGoneError
from stream_ingest.aws.items import from_wire
from tests.fakes.photos.account import TABLE
from tests.fakes.photos.kms import KEY, FakeKms
from tests.fakes.photos.link_stack import BUCKET, LinkStack, begin_by

LARGE = 2 * PART_BYTES + 3
ID = "0123456789abcdef"


def counted(stack: LinkStack) -> tuple[int, int]:
    link = stack.table.load(ID)
    assert link is not None
    return link.files, link.bytes


def test_a_file_is_signed_into_the_gallery_of_the_link(stack: LinkStack) -> None:
    text = stack.issue()
    assert stack.begin(text, "a b.jpg", 500, "image/jpeg") == BegunParts(
        part_bytes=PART_BYTES, missing=(1,)
    )
    (part,) = stack.api.sign_parts(text, "a b.jpg", (1,))
    assert part.bytes == 500
    assert urlsplit(part.url).path.endswith("/wedding/a%20b.jpg")
    send(stack, text, "a b.jpg", (1,))
    stack.api.complete(text, "a b.jpg")
    found = stack.s3.head_object(Bucket=BUCKET, Key="wedding/a b.jpg")
    assert (found["ContentLength"], found["ContentType"]) == (500, "image/jpeg")
    assert counted(stack) == (1, 500)


def test_a_link_of_images_to_augment_signs_into_their_folder(stack: LinkStack) -> None:
    text = stack.issue(gallery=None)
    stack.begin(text, "cats/a.jpg", 500)
    (part,) = stack.api.sign_parts(text, "cats/a.jpg", (1,))
    assert urlsplit(part.url).path.endswith("/original-uploads/cats/a.jpg")
    offer = stack.api.describe(text)
    assert (offer.gallery, offer.files_left, offer.max_file_bytes) == (None, 2, 10 * 1024 * 1024)


@pytest.mark.parametrize("name", ["../other/a.jpg", "a/../../other/b.jpg", "", "a\n.jpg", "a.txt"])
def test_no_name_leaves_the_gallery(stack: LinkStack, name: str) -> None:
    with pytest.raises(UploadRefusedError):
        stack.begin(stack.issue(), name, 500, "image/jpeg")
    assert counted(stack) == (0, 0)


def test_the_page_learns_what_is_left(stack: LinkStack) -> None:
    text = stack.issue()
    stack.begin(text, "a.jpg", 500)
    offer = stack.api.describe(text)
    assert (offer.gallery, offer.files_left, offer.bytes_left) == ("wedding", 2, 99_999_500)
    assert offer.max_file_bytes == 200 * 1024 * 1024


def test_files_beyond_the_number_are_refused(stack: LinkStack) -> None:
    text = stack.issue()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        stack.begin(text, name, 500)
    with pytest.raises(LinkRefusedError, match="3 files"):
        stack.begin(text, "d.jpg", 500)
    assert counted(stack) == (3, 1_500)


def test_bytes_beyond_the_limit_are_refused(stack: LinkStack) -> None:
    text = stack.issue(max_bytes=1_000_000)
    stack.begin(text, "a.jpg", 600_000)
    with pytest.raises(LinkRefusedError, match=r"0\.4 MB are left"):
        stack.begin(text, "b.jpg", 400_001)
    stack.begin(text, "c.jpg", 400_000)
    assert counted(stack) == (2, 1_000_000)


def test_the_same_file_again_is_counted_once(stack: LinkStack) -> None:
    text = stack.issue(max_files=1)
    for _ in range(3):
        stack.begin(text, "a.jpg", 500)
    assert counted(stack) == (1, 500)


def test_a_larger_file_of_the_same_name_counts_the_difference(stack: LinkStack) -> None:
    text = stack.issue(max_files=1, max_bytes=1_000)
    stack.begin(text, "a.jpg", 500)
    stack.begin(text, "a.jpg", 900)
    stack.begin(text, "a.jpg", 400)
    assert counted(stack) == (1, 900)
    with pytest.raises(LinkRefusedError, match="too large for this link"):
        stack.begin(text, "a.jpg", 1_001)
    assert counted(stack) == (1, 900)


def test_the_limits_hold_when_many_ask_at_once(stack: LinkStack) -> None:
    text = stack.issue(max_files=5, max_bytes=5_000)

    def begin(number: int) -> bool:
        try:
            stack.begin(text, f"{number % 12}.jpg", 900)
        except LinkRefusedError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        begun = list(threads.map(begin, range(36)))
    assert counted(stack) == (5, 4_500)
    assert any(begun)
    assert not all(begun)


def test_a_file_that_two_requests_reserve_at_once_is_counted_once(stack: LinkStack) -> None:
    """The second finds no reservation, counts, and then finds that of the first."""
    text = stack.issue(max_files=2)
    dynamodb: Any = stack.account.dynamodb
    first = stack.api

    class Late(LinkTable):
        def count(self, *arguments: Any) -> bool:  # noqa: ANN401 - as its base
            begin_by(first, text, "a.jpg", 500)
            return super().count(*arguments)

    late = type(first)(stack.key, Late(dynamodb, TABLE), stack.signer, stack.clock)
    begin_by(late, text, "a.jpg", 500)
    assert counted(stack) == (1, 500)


def test_an_expired_link_signs_nothing(stack: LinkStack) -> None:
    text = stack.issue()
    stack.clock.advance(3_600)
    for ask in (
        lambda: stack.api.describe(text),
        lambda: stack.begin(text, "a.jpg", 5),
        lambda: stack.api.sign_parts(text, "a.jpg", (1,)),
        lambda: stack.api.complete(text, "a.jpg"),
    ):
        with pytest.raises(LinkRefusedError, match="has expired"):
            ask()


def test_a_revoked_link_signs_nothing(stack: LinkStack) -> None:
    text = stack.issue()
    stack.begin(text, "large.jpg", LARGE)
    assert stack.table.revoke(ID, "2026-11-29T11:00:00Z")
    for ask in (
        lambda: stack.api.describe(text),
        lambda: stack.begin(text, "a.jpg", 5),
        lambda: stack.begin(text, "large.jpg", LARGE),
        lambda: stack.api.sign_parts(text, "large.jpg", (1,)),
        lambda: stack.api.complete(text, "large.jpg"),
    ):
        with pytest.raises(LinkRefusedError, match="withdrawn"):
            ask()
    assert counted(stack) == (1, LARGE)


def test_a_link_that_the_table_does_not_know_signs_nothing(stack: LinkStack) -> None:
    text = stack.issue()
    stack.account.dynamodb.items.clear()
    with pytest.raises(LinkRefusedError, match="withdrawn"):
        stack.begin(text, "a.jpg", 5)
    assert stack.account.dynamodb.items == {}


def test_a_link_that_nobody_issued_gets_no_read_of_the_table(stack: LinkStack) -> None:
    terms, _ = read_link(stack.issue())
    forged = LinkKey(FakeKms(b"guessed"), KEY)
    stack.account.dynamodb.items.clear()
    with pytest.raises(LinkRefusedError, match="does not work"):
        stack.begin(link_text(terms, forged.mac(terms)), "a.jpg", 5, "")


def send(stack: LinkStack, text: str, name: str, numbers: tuple[int, ...]) -> None:
    """Send parts as the page does, by what was signed."""
    reserved = stack.table.reservation(read_link(text)[0], f"wedding/{name}")
    assert reserved is not None
    assert reserved.parts is not None
    for part in stack.api.sign_parts(text, name, numbers):
        stack.s3.upload_part(
            Bucket=BUCKET,
            Key=f"wedding/{name}",
            UploadId=reserved.parts.upload_id,
            PartNumber=part.number,
            Body=io.BytesIO(bytes(part.bytes)),
        )


def test_a_large_file_is_resumed_where_it_was_interrupted(stack: LinkStack) -> None:
    text = stack.issue()
    begun = stack.begin(text, "resumed.jpg", LARGE)
    assert begun == BegunParts(part_bytes=PART_BYTES, missing=(1, 2, 3))
    send(stack, text, "resumed.jpg", (1, 3))

    again = stack.begin(text, "resumed.jpg", LARGE)
    assert again == BegunParts(part_bytes=PART_BYTES, missing=(2,))
    send(stack, text, "resumed.jpg", (2,))
    stack.api.complete(text, "resumed.jpg")
    found = stack.s3.head_object(Bucket=BUCKET, Key="wedding/resumed.jpg")
    assert found["ContentLength"] == LARGE
    assert counted(stack) == (1, LARGE)


@pytest.mark.parametrize("change", [{"size": LARGE - 1}, {"modified": 2}], ids=["size", "time"])
def test_an_upload_of_another_file_begins_anew(stack: LinkStack, change: dict[str, int]) -> None:
    """Parts of two files must not become one photo."""
    text, file = stack.issue(), {"name": "other.jpg", "size": LARGE, "modified": 1}
    stack.begin(text, **file)  # type: ignore[arg-type]  # as above
    send(stack, text, "other.jpg", (1,))
    begun = stack.begin(text, **{**file, **change})  # type: ignore[arg-type]  # as above
    assert begun == BegunParts(part_bytes=PART_BYTES, missing=(1, 2, 3))


def test_an_upload_whose_answer_was_lost_is_completed_again(stack: LinkStack) -> None:
    """Without a right to read objects: what S3 has then forgotten is known from the table."""
    text = stack.issue()
    stack.begin(text, "again.jpg", 500, modified=7)
    send(stack, text, "again.jpg", (1,))
    for _ in range(2):
        stack.api.complete(text, "again.jpg")
    stack.api.abort(text, "again.jpg")

    same = stack.begin(text, "again.jpg", 500, modified=7)
    assert same == BegunParts(part_bytes=PART_BYTES, missing=())
    stack.api.complete(text, "again.jpg")
    for size, modified in ((500, 8), (501, 7)):
        with pytest.raises(UploadExistsError, match=r"another file named again\.jpg"):
            stack.begin(text, "again.jpg", size, modified=modified)
    assert counted(stack) == (1, 500)


def test_a_cancelled_upload_leaves_no_parts(stack: LinkStack) -> None:
    text = stack.issue()
    stack.begin(text, "cancelled.jpg", LARGE)
    send(stack, text, "cancelled.jpg", (1,))
    stack.api.abort(text, "cancelled.jpg")
    uploads = stack.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    assert "wedding/cancelled.jpg" not in {each["Key"] for each in uploads}
    with pytest.raises(UploadGoneError, match="begin it again"):
        stack.api.sign_parts(text, "cancelled.jpg", (2,))
    assert stack.begin(text, "cancelled.jpg", LARGE) == BegunParts(
        part_bytes=PART_BYTES, missing=(1, 2, 3)
    )


def test_a_photo_that_exists_is_never_replaced(stack: LinkStack) -> None:
    text = stack.issue()
    stack.s3.put_object(Bucket=BUCKET, Key="wedding/mine.jpg", Body=b"mine")
    stack.begin(text, "mine.jpg", LARGE)
    send(stack, text, "mine.jpg", (1, 2, 3))
    with pytest.raises(UploadExistsError):
        stack.api.complete(text, "mine.jpg")
    assert stack.s3.get_object(Bucket=BUCKET, Key="wedding/mine.jpg")["Body"].read() == b"mine"


def test_parts_of_a_file_that_was_not_begun_are_not_signed(stack: LinkStack) -> None:
    text = stack.issue()
    stack.begin(text, "small.jpg", 5)
    stack.api.abort(text, "small.jpg")
    for name in ("small.jpg", "never.jpg"):
        with pytest.raises(UploadGoneError):
            stack.api.sign_parts(text, name, (1,))
    with pytest.raises(UploadRefusedError, match="at most 32"):
        stack.api.sign_parts(text, "small.jpg", tuple(range(1, 34)))


def test_items_of_a_link_go_a_month_after_its_end(stack: LinkStack) -> None:
    text = stack.issue()
    stack.begin(text, "a.jpg", 5)
    items = [from_wire(item) for item in stack.account.dynamodb.items.values()]
    ends = {int(item[TTL_ATTRIBUTE]) for item in items}
    assert len(items) == 2
    assert ends == {int(stack.clock()) + 3_600 + 30 * 86_400}
    assert all("open" not in item for item in items)


def test_links_are_listed_without_their_reservations(stack: LinkStack) -> None:
    text = stack.issue()
    stack.begin(text, "a.jpg", 5)
    (link,) = stack.table.list()
    assert (link.id, link.folder, link.files, link.max_files) == (ID, "wedding", 1, 3)
    assert not stack.table.revoke("f" * 16, "2026-11-29T11:00:00Z")
