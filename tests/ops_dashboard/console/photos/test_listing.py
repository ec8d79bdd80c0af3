from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, unquote, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from ops_dashboard.console.account import Account
from ops_dashboard.console.photo_access import save_as
from ops_dashboard.console.photos.view import photo_view
from rendition_lambda.photo_item import Photo, PhotoStatus
from tests.fakes.ops.photos import DOMAIN, RENDITIONS_BUCKET, UPLOADS, OpsPhotos
from tests.ops_dashboard.console.running import RunningConsole

HOSTILE = 'g/"><img src=x onerror=alert(1)>\u202e.jpg'


def names(console: RunningConsole, query: str) -> list[str]:
    return [each["name"] for each in console.get(f"/api/photos?{query}").json["photos"]]


def test_a_gallery_is_listed_newest_first_in_pages_and_by_status(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    for number in range(60):
        photos.active(f"g/{number:02d}.jpg", f"2026-11-29T10:{number:02d}:00Z")
    photos.with_status("g/bad.jpg", PhotoStatus.FAILED, "2026-11-29T10:30:30Z")
    photos.with_status("g/gone.jpg", PhotoStatus.DELETED, "2026-11-29T10:59:59Z")
    photos.active("other/a.jpg")
    newest = [f"{number:02d}.jpg" for number in range(59, -1, -1)]
    newest.insert(29, "bad.jpg")

    first = photos_console.get("/api/photos?gallery=g").json
    assert [each["name"] for each in first["photos"]] == newest[:48]
    assert names(photos_console, f"gallery=g&after={first['next']}") == newest[48:]
    assert names(photos_console, "gallery=g&status=failed") == ["bad.jpg"]
    assert names(photos_console, "gallery=g&status=deleted") == ["gone.jpg"]
    assert names(photos_console, "gallery=none") == []
    assert photos_console.get("/api/photos").status == 400
    assert photos_console.get("/api/photos?gallery=g&status=lost").status == 400
    forged = photos_console.get("/api/photos?gallery=g&after=e30")
    assert forged.status == 200  # an empty cursor: from the start


def test_an_item_that_cannot_be_read_hides_no_other(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    photos.active("g/a.jpg")
    photos.put(photos.active("g/b.jpg"), bytes="many")

    page = photos_console.get("/api/photos?gallery=g").json
    assert [each["name"] for each in page["photos"]] == ["a.jpg"]
    assert len(page["unreadable"]) == 1
    assert "g/b.jpg" in page["unreadable"][0]


def test_galleries_are_the_folders_of_uploads(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    for key in ("wedding/a.jpg", "walk/b/c.jpg", "original-uploads/cat.jpg", "dog.jpg"):
        photos.s3.put_object(Bucket=UPLOADS, Key=key, Body=b"x")

    every = photos_console.get("/api/photos/galleries").json
    assert every == {"galleries": ["walk", "wedding"], "more": False}
    assert photos_console.get("/api/photos/galleries?prefix=we").json["galleries"] == ["wedding"]


def test_a_photo_has_the_fields_of_its_item_and_its_outputs_smallest_first(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    photos.active(HOSTILE, domain=DOMAIN)
    photo = photos_console.get(f"/api/photos/one?key={quote(HOSTILE)}").json

    assert (photo["key"], photo["status"], photo["is_working"]) == (HOSTILE, "active", False)
    assert [each["name"] for each in photo["outputs"]] == ["thumbnail", "small", "medium", "large"]
    assert all(each["url"].startswith(f"https://{DOMAIN}/") for each in photo["outputs"])
    assert photos_console.get("/api/photos/one?key=g/none.jpg").status == 404


@pytest.mark.usefixtures("photos_account")
def test_addresses_that_need_a_signature_are_no_links(photos: OpsPhotos) -> None:
    photo = photos.active("g/a.jpg", domain=DOMAIN)
    assert {each.url for each in photo_view(photo, signed_addresses=True).outputs} == {None}
    assert None not in {each.url for each in photo_view(photo).outputs}


def test_addresses_in_s3_are_no_links(photos_console: RunningConsole, photos: OpsPhotos) -> None:
    photos.active("g/a.jpg")
    (photo,) = photos_console.post("/api/photos/states", {"keys": ["g/a.jpg", "g/x.jpg"]}).json[
        "photos"
    ]
    assert {each["url"] for each in photo["outputs"]} == {None}


def test_an_output_is_shown_by_a_link_that_expires_soon(photos_console: RunningConsole) -> None:
    answer = photos_console.get("/media/photos/output?key=renditions/g/a_small.jpg")
    link = urlsplit(answer.headers["Location"])
    assert answer.status == 302
    assert RENDITIONS_BUCKET in link.netloc
    assert link.path.endswith("renditions/g/a_small.jpg")
    assert int(parse_qs(link.query)["X-Amz-Expires"][0]) == 300


def test_an_original_is_downloaded_under_its_name(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    photos.s3.put_object(Bucket=UPLOADS, Key=HOSTILE, Body=b"x")
    answer = photos_console.get(f"/media/photos/original?key={quote(HOSTILE)}")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert int(query["X-Amz-Expires"][0]) <= 3_600
    assert query["response-content-disposition"] == [save_as(HOSTILE)]
    assert answer.headers["Cache-Control"] == "no-store"
    missing = photos_console.get("/media/photos/original?key=g/none.jpg")
    assert (missing.status, missing.json["error"]) == (
        404,
        "the original g/none.jpg is not there any more",
    )


@pytest.mark.parametrize("name", ['a"; x="b.jpg', "a\r\nX: y.jpg", "ü\u202e.jpg", "a;b,c.jpg", ""])
def test_a_name_adds_nothing_to_the_header(name: str) -> None:
    value = save_as(f"g/{name}")
    plain = value.partition('filename="')[2].partition('"')[0]
    encoded = value.rpartition("''")[2]
    assert value.isascii()
    assert value.isprintable()
    assert value == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    assert unquote(encoded) == (name or "original")


def test_an_archived_original_is_explained(
    photos_console: RunningConsole, photos: OpsPhotos
) -> None:
    photos.s3.put_object(Bucket=UPLOADS, Key="g/old.jpg", Body=b"x", StorageClass="GLACIER")
    answer = photos_console.get("/media/photos/original?key=g/old.jpg")
    assert answer.status == 400
    assert "restore it first" in answer.json["error"]


def test_a_photo_is_rendered_again_by_a_message(
    photos_console: RunningConsole,
    photos: OpsPhotos,
    photos_account: Account,
    moto_session: boto3.Session,
) -> None:
    assert photos_console.post("/api/photos/render", {"key": "g/a.jpg"}).status == 404
    photos.active("g/a.jpg")
    assert photos_console.post("/api/photos/render", {"key": "g/a.jpg"}).status == 202
    assert photos_account.photos is not None
    url = photos_account.photos.outputs.backfill_queue_url
    (message,) = moto_session.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"render": "g/a.jpg", "again": True}


def test_a_photo_of_another_bucket_is_rendered_from_there(
    photos_console: RunningConsole,
    photos: OpsPhotos,
    photos_account: Account,
    moto_session: boto3.Session,
) -> None:
    name = "s3://archive-of-others/g/a.jpg"
    photos.put(Photo(gallery="g", photo=name, status=PhotoStatus.ACTIVE, revision=1))
    assert photos_console.get(f"/api/photos/one?key={name}").json["name"] == "a.jpg"
    assert photos_console.post("/api/photos/render", {"key": name}).status == 202
    assert photos_account.photos is not None
    url = photos_account.photos.outputs.backfill_queue_url
    (message,) = moto_session.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {
        "render": "g/a.jpg",
        "again": True,
        "bucket": "archive-of-others",
    }


def test_a_missing_right_is_words(
    photos_console: RunningConsole, photos_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object, **__: object) -> None:
        message = "User: x is not authorized to perform: dynamodb:Query on resource: t"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "Query")

    assert photos_account.photos is not None
    monkeypatch.setattr(photos_account.photos.pages._dynamodb, "query", deny)  # noqa: SLF001 - a client
    answer = photos_console.get("/api/photos?gallery=g")
    assert answer.status == 502
    assert "you lack the right dynamodb:Query" in answer.json["error"]


def test_only_the_page_of_photos_may_send_to_s3(photos_console: RunningConsole) -> None:
    uploads = f"https://{UPLOADS}.s3.us-east-1.amazonaws.com"
    page = photos_console.get("/photos").headers["Content-Security-Policy"]
    other = photos_console.get("/gallery").headers["Content-Security-Policy"]
    assert f"connect-src 'self' {uploads};" in page
    assert "connect-src 'self';" in other
    for policy in (page, other):
        assert f"https://{RENDITIONS_BUCKET}.s3.us-east-1.amazonaws.com;" in policy
