"""Files arrive whole and once, wherever their upload was interrupted."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from ops_dashboard.photos.put.checkpoints import UploadCheckpoints
from ops_dashboard.photos.put.files import LocalPhoto
from ops_dashboard.photos.put.transfer import TRANSFER_CONFIG, Sent, Transfer
from rendition_lambda.uploading.request import Upload, UploadRefusedError
from rendition_lambda.uploading.signed import MAX_PUT_BYTES, PART_BYTES
from rendition_lambda.uploading.signer import UploadExistsError
from stream_ingest.contracts.errors import TransientError
from tests.fakes.aws_variables import set_aws_variables

BUCKET, KEY = "uploads-of-put", "g/a.jpg"
PARTS = 4
LARGE = os.urandom(1 << 16) * ((PARTS - 1) * PART_BYTES // (1 << 16)) + b"the end"


class Cut:
    """A client whose connection is cut when it sends one of the parts, or the completion."""

    def __init__(self, s3: Any, part: int) -> None:  # noqa: ANN401 - a boto3 client
        self._s3, self._part = s3, part
        self.sent: Counter[int] = Counter()

    def upload_part(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
        if request["PartNumber"] == self._part:
            raise EndpointConnectionError(endpoint_url="s3")
        answer = self._s3.upload_part(**request)
        self.sent[request["PartNumber"]] += 1
        return answer

    def complete_multipart_upload(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
        if self._part > PARTS:
            raise EndpointConnectionError(endpoint_url="s3")
        return self._s3.complete_multipart_upload(**request)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as boto3
        return getattr(self._s3, name)


@pytest.fixture
def s3() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        client = boto3.client("s3", config=TRANSFER_CONFIG)
        client.create_bucket(Bucket=BUCKET)
        yield client


def local(folder: Path, body: bytes, key: str = KEY, *, replace: bool = False) -> LocalPhoto:
    path = folder / "a.jpg"
    path.write_bytes(body)
    upload = Upload(key=key, bytes=len(body), content_type="image/jpeg", replace=replace)
    return LocalPhoto(path=path, upload=upload, modified_ns=path.stat().st_mtime_ns)


def transfer(s3: Any, folder: Path) -> Transfer:  # noqa: ANN401 - a boto3 client
    return Transfer(s3, BUCKET, UploadCheckpoints(BUCKET, folder / "state"), lambda: 0.0)


def stored(s3: Any) -> bytes:  # noqa: ANN401 - a boto3 client
    return bytes(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())


def uploads(s3: Any) -> list[Any]:  # noqa: ANN401 - a boto3 client
    return list(s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


@pytest.mark.parametrize("part", range(1, PARTS + 2), ids=[*map(str, range(1, PARTS + 1)), "end"])
def test_an_upload_that_was_cut_at_a_part_sends_only_what_is_missing(
    s3: Any,  # noqa: ANN401 - a boto3 client
    tmp_path: Path,
    part: int,
) -> None:
    photo, cut = local(tmp_path, LARGE), Cut(s3, part)
    with pytest.raises(TransientError):
        transfer(cut, tmp_path).send(photo)
    assert KEY not in {
        each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    }

    again = Cut(s3, part=0)
    reported: list[int] = []
    assert transfer(again, tmp_path).send(photo, reported.append) is Sent.UPLOADED
    assert cut.sent + again.sent == Counter(range(1, PARTS + 1))
    assert (stored(s3), sum(reported)) == (LARGE, len(LARGE))
    assert uploads(s3) == []
    assert transfer(s3, tmp_path).send(photo) is Sent.THERE


def test_a_file_that_has_changed_is_sent_from_its_beginning(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a boto3 client
    with pytest.raises(TransientError):
        transfer(Cut(s3, 2), tmp_path).send(local(tmp_path, LARGE))
    changed = local(tmp_path, b"new" + LARGE)

    assert transfer(s3, tmp_path).send(changed) is Sent.UPLOADED
    assert stored(s3) == b"new" + LARGE
    assert uploads(s3) == []


def test_a_file_that_changes_while_it_is_sent_is_not_uploaded(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a boto3 client
    photo = local(tmp_path, LARGE)
    os.utime(photo.path, ns=(1, 1))

    with pytest.raises(UploadRefusedError, match="changed while"):
        transfer(s3, tmp_path).send(photo)
    assert uploads(s3) == []


def test_an_upload_that_was_aborted_elsewhere_is_begun_again(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a boto3 client
    photo = local(tmp_path, LARGE)
    with pytest.raises(TransientError):
        transfer(Cut(s3, 2), tmp_path).send(photo)
    (begun,) = uploads(s3)
    s3.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=begun["UploadId"])

    assert transfer(s3, tmp_path).send(photo) is Sent.UPLOADED
    assert stored(s3) == LARGE


def test_a_small_file_is_one_request_with_its_type_and_digest(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a boto3 client
    photo = local(tmp_path, b"photo")

    assert transfer(s3, tmp_path).send(photo) is Sent.UPLOADED
    found = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert (found["ContentType"], found["ContentLength"]) == ("image/jpeg", 5)
    assert found["Metadata"]["sha256"] == hashlib.sha256(b"photo").hexdigest()
    assert transfer(s3, tmp_path).send(photo) is Sent.THERE
    assert MAX_PUT_BYTES > 5


def test_other_bytes_are_replaced_only_on_request(s3: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a boto3 client
    transfer(s3, tmp_path).send(local(tmp_path, b"first"))
    with pytest.raises(UploadExistsError, match="--replace"):
        transfer(s3, tmp_path).send(local(tmp_path, b"other"))

    assert transfer(s3, tmp_path).send(local(tmp_path, b"other", replace=True)) is Sent.UPLOADED
    assert stored(s3) == b"other"


@pytest.mark.parametrize("body", [b"photo", LARGE], ids=["whole", "in parts"])
def test_what_another_program_uploaded_is_recognised_by_its_etag(
    s3: Any,  # noqa: ANN401 - a boto3 client
    tmp_path: Path,
    body: bytes,
) -> None:
    photo = local(tmp_path, body)
    boto3.client("s3").upload_file(str(photo.path), BUCKET, KEY)

    assert transfer(s3, tmp_path).send(photo) is Sent.THERE
    photo.path.write_bytes(body[:-1] + b"!")
    with pytest.raises(UploadExistsError):
        transfer(s3, tmp_path).send(photo)


def test_no_request_replaces_what_was_uploaded_since_it_was_looked_for(
    s3: Any,  # noqa: ANN401 - a boto3 client
    tmp_path: Path,
) -> None:
    class Raced(Cut):
        def head_object(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
            try:
                return s3.head_object(**request)
            finally:
                s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"theirs")

    with pytest.raises(UploadExistsError):
        transfer(Raced(s3, 0), tmp_path).send(local(tmp_path, b"mine"))
    assert stored(s3) == b"theirs"
