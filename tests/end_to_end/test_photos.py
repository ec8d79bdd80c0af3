"""Photos that are uploaded become renditions and rotations, and go when they are deleted."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uv
from PIL import Image

from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.photo_files import MEGABYTE, write_photo
from tests.end_to_end.photo_stack import OTHER_BUCKET, PhotoStack
from tests.end_to_end.viewer import Viewer
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)

PATIENCE_S = 90
AWS_CLI = "awscli==1.46.3"
"""In an environment of its own, because it pins botocore."""
NAMES = ("photo", "my cat", "a+b", "für Zoë", "IMG_1 (1)", "%41")
SIZES = {"thumbnail": (400, 267), "small": (800, 533), "medium": (1_500, 1_000)}


class Photos:
    """A deployed stack that renders photos."""

    def __init__(self, aws: LocalAws, outputs: PhotosOutputs) -> None:
        self.s3, self._dynamodb = aws.clients.s3, aws.clients.dynamodb
        self.outputs, self.viewer = outputs, Viewer(aws.endpoint)
        self.cloudfront = aws.clients.untyped("cloudfront")
        self.variables = aws.environment()
        self._environment = {**os.environ, **self.variables}

    def command(self, *words: str) -> None:
        """Run the AWS command line."""
        tool = [uv.find_uv_bin(), "tool", "run", "--quiet", "--from", AWS_CLI]
        subprocess.run([*tool, "aws", *words], env=self._environment, check=True)  # noqa: S603 - no shell

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.outputs.uploads_bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.outputs.uploads_bucket, Key=key)

    def item(self, gallery: str, key: str) -> dict[str, Any]:
        found = self._dynamodb.get_item(
            TableName=self.outputs.table,
            Key=to_wire({"gallery": gallery, "photo": key}),
            ConsistentRead=True,
        )
        return from_wire(found.get("Item", {}))

    def image(self, key: str) -> Image.Image:
        body = self.s3.get_object(Bucket=self.outputs.renditions_bucket, Key=key)["Body"].read()
        return Image.open(io.BytesIO(body))

    def stored(self) -> set[str]:
        found = self.s3.list_objects_v2(Bucket=self.outputs.renditions_bucket)
        return {each["Key"] for each in found.get("Contents", [])}

    def other_distribution(self) -> str:
        """Create a distribution with the same origin and access control; return its domain."""
        found = self.cloudfront.get_distribution_config(Id=self.outputs.distribution_id)
        config = {**found["DistributionConfig"], "CallerReference": "other"}
        made = self.cloudfront.create_distribution(DistributionConfig=config)
        domain: str = made["Distribution"]["DomainName"]
        return domain

    def invalidated(self) -> list[str]:
        """Return all paths that were invalidated."""
        id_ = self.outputs.distribution_id
        listed = self.cloudfront.list_invalidations(DistributionId=id_)["InvalidationList"]
        batches = [
            self.cloudfront.get_invalidation(DistributionId=id_, Id=each["Id"])["Invalidation"]
            for each in listed.get("Items", [])
        ]
        return [path for each in batches for path in each["InvalidationBatch"]["Paths"]["Items"]]

    def when(
        self, gallery: str, key: str, is_so: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """Return a photo's item once a condition is true of it."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so(item := self.item(gallery, key)):
            assert time.monotonic() < deadline, item
            time.sleep(0.2)
        return item


@pytest.fixture
def photos(photo_stack: PhotoStack) -> Photos:
    return Photos(photo_stack.aws, photo_stack.photos)


def jpeg(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (1_500, 1_000), colour).save(data, "JPEG")
    return data.getvalue()


def status(*wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda item: item.get("status") in wanted and "lease_until" not in item


def test_a_photo_is_rendered_replaced_and_removed(photos: Photos) -> None:
    key = "g/IMG_1 + ü.jpg"
    photos.put(key, jpeg("red"))
    first = photos.when("g", key, status("active"))

    for name, size in SIZES.items():
        image = photos.image(f"renditions/g/IMG_1 + ü_{name}.jpg")
        red, green, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # RGB
        assert image.size == size
        assert red > 240
        assert green + blue < 15
    assert first["thumbnail_url"].startswith(
        f"https://{photos.outputs.domain}/renditions/g/IMG_1%20%2B%20%C3%BC_thumbnail.jpg?v="
    )
    assert (first["original_key"], first["format"], first["width"]) == (key, "JPEG", 1_500)

    photos.put(key, jpeg("blue"))
    second = photos.when("g", key, lambda item: item["version"] != first["version"])
    assert second["thumbnail_url"] != first["thumbnail_url"]
    assert second["thumbnail_url"].partition("?")[0] == first["thumbnail_url"].partition("?")[0]

    photos.delete(key)
    photos.when("g", key, status("deleted"))
    assert not any(each.startswith("renditions/g/IMG_1 +") for each in photos.stored())


def test_an_image_is_turned(photos: Photos) -> None:
    photos.put("original-uploads/cat.jpg", jpeg("green"))
    photos.when("original-uploads", "original-uploads/cat.jpg", status("active"))

    assert photos.image("processed/cat_256x256.jpg").size == (256, 256)
    for angle in (90, 180, 270, 360):
        key = f"augmented-images/{angle}-degree/cat_{angle}.jpg"
        assert photos.image(key).size == (256, 256)


def test_a_broken_file_fails_with_its_reason(photos: Photos) -> None:
    photos.put("g/broken.jpg", jpeg("red")[:2_000])
    photos.put("g/none.jpg", b"no image")

    broken = photos.when("g", "g/broken.jpg", status("failed"))
    none = photos.when("g", "g/none.jpg", status("failed"))
    assert broken["reason"] in {"truncated", "corrupt"}
    assert none["reason"] == "not_an_image"
    assert not any("broken" in each or "none" in each for each in photos.stored())


def test_checklist_of_a_gallery(photos: Photos, tmp_path: Path) -> None:
    """A photo is copied with the AWS command line; its renditions and its item are there."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg("red"))
    uploads = photos.outputs.uploads_bucket
    photos.command("s3", "cp", "--quiet", str(path), f"s3://{uploads}/wedding/photo.jpg")

    item = photos.when("wedding", "wedding/photo.jpg", status("active"))
    keys = {name: f"renditions/wedding/photo_{name}.jpg" for name in (*SIZES, "large")}
    assert set(keys.values()) <= photos.stored()
    for name, key in keys.items():
        assert item[f"{name}_url"].startswith(f"https://{photos.outputs.domain}/{key}?v=")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", item["processed_at"])


@pytest.mark.parametrize("folder", ["", "original-uploads/"], ids=["root", "folder"])
def test_checklist_of_augmentation(folder: str, photos: Photos, tmp_path: Path) -> None:
    """Images are copied with the AWS command line, whatever their names; each is turned."""
    names = [f"{name}{len(folder)}" for name in NAMES]  # both folders have the same outputs
    for name in names:
        (tmp_path / f"{name}.jpg").write_bytes(jpeg("green"))
    uploads = photos.outputs.uploads_bucket
    photos.command("s3", "cp", "--quiet", "--recursive", str(tmp_path), f"s3://{uploads}/{folder}")

    for name in names:
        photos.when("original-uploads", f"{folder}{name}.jpg", status("active"))
    stored = photos.stored()
    for name in names:
        assert f"processed/{name}_256x256.jpg" in stored
        for angle in (90, 180, 270, 360):
            assert f"augmented-images/{angle}-degree/{name}_{angle}.jpg" in stored


@pytest.mark.parametrize(
    ("more", "status_", "reason"), [(0, "active", None), (1, "failed", "too_large")]
)
def test_an_image_to_augment_may_have_ten_megabytes(
    photos: Photos, tmp_path: Path, more: int, status_: str, reason: str | None
) -> None:
    path = write_photo(tmp_path / f"large{more}.jpg", 10 * MEGABYTE + more)
    key = f"original-uploads/{path.name}"
    photos.put(key, path.read_bytes())

    item = photos.when("original-uploads", key, status(status_))
    assert item.get("reason") == reason
    assert (f"processed/large{more}_256x256.jpg" in photos.stored()) is (reason is None)


def test_files_are_put_and_photos_of_another_bucket_are_brought_in(
    photos: Photos, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in photos.variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "one + ü.jpg").write_bytes(jpeg("red"))
    photos.s3.create_bucket(Bucket=OTHER_BUCKET)
    photos.s3.put_object(Bucket=OTHER_BUCKET, Key="put/one + ü.jpg", Body=jpeg("blue"))

    def run(*arguments: str) -> dict[str, Any]:
        done = commands.run("ops-dashboard", "photos", *arguments, "--json")
        assert done.code == 0, done.err
        report: dict[str, Any] = json.loads(done.out)
        return report

    put = run("put", str(tmp_path), "--gallery", "put", "--wait")
    assert put["ended"] == {"put/one + ü.jpg": "active"}
    assert run("put", str(tmp_path), "--gallery", "put")["there"] == ["put/one + ü.jpg"]
    assert run("backfill", "--prefix", "put/")["needs"] == {"done": 1}

    assert run("backfill", "--bucket", OTHER_BUCKET, "--yes")["sent"] == 1
    photos.when("put", f"s3://{OTHER_BUCKET}/put/one + ü.jpg", status("active"))
    assert run("backfill", "--bucket", OTHER_BUCKET)["needs"] == {"done": 1}
    red, _, _ = photos.image("renditions/put/one + ü_large.jpg").convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # RGB
    _, _, blue = (
        photos.image("renditions/put/one + ü-jpg_large.jpg").convert("RGB").getpixel((5, 5))
    )  # type: ignore[misc]  # RGB
    assert min(red, blue) > 240


def test_the_cdn_serves_what_is_in_the_table_and_nothing_else(photos: Photos) -> None:
    key = "served/IMG (1) + ü.jpg"
    photos.put(key, jpeg("red"))
    photos.put("original-uploads/hidden.jpg", jpeg("red"))
    item = photos.when("served", key, status("active"))
    photos.when("original-uploads", "original-uploads/hidden.jpg", status("active"))
    urls = [item[f"{name}_url"] for name in ("thumbnail", "small", "medium", "large")]
    get, domain = photos.viewer.get, photos.outputs.domain

    for name, url in zip(("thumbnail", "small", "medium", "large"), urls, strict=True):
        answer = get(url)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert len(answer.body) == item["outputs"][name]["bytes"]
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert get(url, "HEAD").status == 200
    assert get(urls[0].replace("https:", "http:")).headers["Location"] == urls[0]
    assert get(urls[0], "POST").status == 403
    for hidden in (
        "processed/hidden_256x256.jpg",
        "augmented-images/90-degree/hidden_90.jpg",
        "renditions/served/none.jpg",
        "",
    ):
        assert get(f"https://{domain}/{hidden}").status == 403
    assert get(urls[0].replace(domain, photos.other_distribution())).status == 403


def test_a_deleted_photo_is_invalidated(photos: Photos) -> None:
    photos.put("served/gone.jpg", jpeg("red"))
    url = photos.when("served", "served/gone.jpg", status("active"))["small_url"]
    photos.delete("served/gone.jpg")
    photos.when("served", "served/gone.jpg", status("deleted"))

    assert photos.viewer.get(url).status == 403
    assert "/renditions/served/gone_*" in photos.invalidated()
