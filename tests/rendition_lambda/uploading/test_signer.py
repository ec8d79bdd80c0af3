"""S3 takes exactly what was signed, and an upload in parts survives each lost answer."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from rendition_lambda.uploading.request import Upload, UploadRefusedError
from rendition_lambda.uploading.signed import (
    MAX_PUT_BYTES,
    PART_BYTES,
    URL_LIFE_S,
    PartsUpload,
    SignedPut,
    missing,
)
from rendition_lambda.uploading.signer import (
    IncompleteUploadError,
    UploadExistsError,
    UploadGoneError,
    UploadSigner,
)
from stream_ingest.aws.presigning import PRESIGNING
from tests.fakes.aws_variables import set_aws_variables

BUCKET, SECRET, NOW = "uploads-of-a-test", "secret", 1_790_000_000.0


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[Any, Any]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        presigner = boto3.client(
            "s3",
            region_name="eu-west-1",
            aws_access_key_id="key",
            aws_secret_access_key=SECRET,
            config=PRESIGNING,
        )
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        yield s3, presigner


@pytest.fixture
def s3(aws: tuple[Any, Any]) -> Any:  # noqa: ANN401 - a boto3 client
    return aws[0]


@pytest.fixture
def signer(aws: tuple[Any, Any]) -> UploadSigner:
    return UploadSigner(*aws, BUCKET, lambda: NOW)


def upload(key: str = "g/a.jpg", size: int = 5, *, replace: bool = False) -> Upload:
    return Upload(key=key, bytes=size, content_type="image/jpeg", replace=replace)


def signature(method: str, url: str, headers: dict[str, str]) -> str:
    """Return the signature that S3 computes, by the steps of AWS's description of it."""
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature=")]
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    names = query["X-Amz-SignedHeaders"].split(";")
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = "\n".join(
        (method, parts.path, "&".join(sorted(pairs)), lines, ";".join(names), "UNSIGNED-PAYLOAD")
    )
    scope = query["X-Amz-Credential"].partition("/")[2]
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            query["X-Amz-Date"],
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def signed_headers(url: str) -> list[str]:
    return parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";")


@pytest.mark.parametrize("key", ["g/a.jpg", "g/ü (1)+%41 &?#=.jpg", "g/a~b'*.jpg"])
def test_a_put_is_signed_with_length_type_and_the_condition(signer: UploadSigner, key: str) -> None:
    put = signer.sign_put(upload(key))

    host = urlsplit(put.url).netloc
    sent = {name.lower(): value for name, value in put.headers.items()}
    sent |= {"host": host, "content-length": "5"}
    assert host == f"{BUCKET}.s3.eu-west-1.amazonaws.com"
    assert sorted(sent) == signed_headers(put.url)
    assert sent["if-none-match"] == "*"
    given = parse_qs(urlsplit(put.url).query)["X-Amz-Signature"]
    assert given == [signature("PUT", put.url, sent)]
    for name, value in {"content-length": "6", "content-type": "text/html"}.items():
        assert given != [signature("PUT", put.url, {**sent, name: value})]
    assert put.expires_at == NOW + URL_LIFE_S


def test_only_an_upload_that_replaces_has_no_condition(signer: UploadSigner) -> None:
    put = signer.sign_put(upload(replace=True))
    assert put.headers == {"Content-Type": "image/jpeg"}
    assert signed_headers(put.url) == ["content-length", "content-type", "host"]


def test_files_above_16_mib_are_sent_in_parts(signer: UploadSigner) -> None:
    assert isinstance(signer.begin(upload(size=MAX_PUT_BYTES)), SignedPut)
    parts = signer.begin(upload(size=MAX_PUT_BYTES + 1))
    assert isinstance(parts, PartsUpload)
    assert [parts.size_of(number) for number in parts.numbers] == [PART_BYTES, PART_BYTES, 1]


def test_each_part_is_signed_with_its_length(signer: UploadSigner) -> None:
    parts = signer.create(upload(size=2 * PART_BYTES + 7))
    signed = signer.sign_parts(parts, parts.numbers)

    assert [(part.offset, part.bytes) for part in signed] == [
        (0, PART_BYTES),
        (PART_BYTES, PART_BYTES),
        (2 * PART_BYTES, 7),
    ]
    for part in signed:
        query = parse_qs(urlsplit(part.url).query)
        sent = {"host": urlsplit(part.url).netloc, "content-length": str(part.bytes)}
        assert signed_headers(part.url) == ["content-length", "host"]
        assert query["X-Amz-Signature"] == [signature("PUT", part.url, sent)]
        assert query["partNumber"] == [str(part.number)]
    for number in (0, 4, -1):
        with pytest.raises(UploadRefusedError, match="parts 1 to 3"):
            signer.sign_parts(parts, [number])


def begun(signer: UploadSigner, s3: Any, key: str, *, replace: bool = False) -> PartsUpload:  # noqa: ANN401 - a boto3 client
    parts = signer.create(upload(key, PART_BYTES + 3, replace=replace))
    send(s3, parts, 1)
    return parts


def send(s3: Any, parts: PartsUpload, number: int, size: int | None = None) -> None:  # noqa: ANN401 - a boto3 client
    s3.upload_part(
        Bucket=BUCKET,
        Key=parts.key,
        UploadId=parts.upload_id,
        PartNumber=number,
        Body=io.BytesIO(bytes(parts.size_of(number) if size is None else size)),
    )


def test_an_upload_is_resumed_with_the_parts_that_are_missing(
    signer: UploadSigner,
    s3: Any,  # noqa: ANN401 - a boto3 client
) -> None:
    parts = begun(signer, s3, "g/resumed.jpg")
    send(s3, parts, 2, size=2)
    assert missing(parts, signer.sent_parts(parts)) == (2,)
    with pytest.raises(IncompleteUploadError) as refused:
        signer.complete(parts)
    assert refused.value.numbers == (2,)

    send(s3, parts, 2)
    signer.complete(parts)
    found = s3.head_object(Bucket=BUCKET, Key=parts.key)
    assert (found["ContentLength"], found["ContentType"]) == (PART_BYTES + 3, "image/jpeg")


def test_completing_again_is_no_error(
    signer: UploadSigner,
    s3: Any,  # noqa: ANN401 - a boto3 client
) -> None:
    parts = begun(signer, s3, "g/again.jpg")
    send(s3, parts, 2)
    signer.complete(parts)
    signer.complete(parts)


class Refusing:
    """An S3 client whose answer to completing is lost, or a refusal."""

    def __init__(self, s3: Any, code: str, *, after: bool) -> None:  # noqa: ANN401 - a boto3 client
        self._s3, self._code, self._after = s3, code, after

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of boto3
        return getattr(self._s3, name)

    def complete_multipart_upload(self, **request: Any) -> None:  # noqa: ANN401 - a request of S3
        assert request.get("IfNoneMatch") == "*"
        if self._after:
            del request["IfNoneMatch"]
            self._s3.complete_multipart_upload(**request)
        answer: Any = {
            "Error": {"Code": self._code},
            "ResponseMetadata": {"HTTPStatusCode": 412},
        }
        raise ClientError(answer, "CompleteMultipartUpload")


@pytest.mark.parametrize("code", ["PreconditionFailed", "NoSuchUpload"])
def test_a_completed_upload_whose_answer_was_lost_is_recognised(
    signer: UploadSigner,
    aws: tuple[Any, Any],
    code: str,
) -> None:
    """The SDK repeats the request, and S3 refuses its own object."""
    s3, presigner = aws
    parts = begun(signer, s3, f"g/lost-{code}.jpg")
    send(s3, parts, 2)
    repeated: Any = Refusing(s3, code, after=True)
    UploadSigner(repeated, presigner, BUCKET, lambda: NOW).complete(parts)


def test_another_file_of_the_same_name_and_size_is_not_taken_for_it(
    signer: UploadSigner,
    aws: tuple[Any, Any],
) -> None:
    s3, presigner = aws
    parts, others = (begun(signer, s3, "g/twice.tif") for _ in range(2))
    for each in (parts, others):
        send(s3, each, 2)
    signer.complete(others)
    refusing: Any = Refusing(s3, "PreconditionFailed", after=False)
    with pytest.raises(UploadExistsError, match=r"g/twice\.tif exists already"):
        UploadSigner(refusing, presigner, BUCKET, lambda: NOW).complete(parts)


def test_an_upload_that_was_aborted_is_gone(
    signer: UploadSigner,
    s3: Any,  # noqa: ANN401 - a boto3 client
) -> None:
    parts = begun(signer, s3, "g/aborted.jpg")
    signer.abort(parts)
    signer.abort(parts)
    with pytest.raises(UploadGoneError, match="upload the file again"):
        signer.sent_parts(parts)
    with pytest.raises(UploadGoneError):
        signer.complete(parts)
