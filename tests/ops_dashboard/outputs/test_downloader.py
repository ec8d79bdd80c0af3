"""Downloads of collages, from moto's S3."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError

from ops_dashboard.outputs.collage_files import CollageFile
from ops_dashboard.outputs.download import fetch_all
from ops_dashboard.outputs.downloader import TRIES, Downloader, Fetched
from stream_ingest.contracts.errors import TransientError, UserError
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ops.table import OpsTable

BODY = b"a collage" * 100_000


def collage(name: str = "a.jpg", body: bytes = BODY, *, hashed: bool = True) -> CollageFile:
    return CollageFile(
        key=f"collages/{name}",
        name=name,
        bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest() if hashed else None,
    )


class Bucket:
    """moto's S3, which counts downloads and may break off."""

    def __init__(self, ops_table: OpsTable) -> None:
        self._s3 = ops_table.aws.clients["s3"]
        self.breaks, self.sent = 0, 0
        self.interrupts = False

    def put(self, name: str, body: bytes = BODY) -> None:
        self._s3.put_object(Bucket=OUTPUT, Key=f"collages/{name}", Body=body)

    def get_object(self, **request: Any) -> Any:  # noqa: ANN401 - AWS's request
        if self.interrupts:
            raise KeyboardInterrupt
        answer = self._s3.get_object(**request)
        self.sent += 1
        if self.breaks:
            self.breaks -= 1
            answer["Body"].iter_chunks = self._broken
        return answer

    @staticmethod
    def _broken(_size: int) -> Any:  # noqa: ANN401 - a generator of bytes
        yield BODY[:1000]
        raise IncompleteReadError(actual_bytes=1000, expected_bytes=len(BODY))


@pytest.fixture
def bucket(ops_table: OpsTable) -> Bucket:
    return Bucket(ops_table)


@pytest.fixture
def downloader(bucket: Bucket, tmp_path: Path) -> Downloader:
    return Downloader(bucket, OUTPUT, tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("hashed", [True, False])
def test_a_collage_is_downloaded_once_and_again_if_it_was_rebuilt(
    bucket: Bucket, downloader: Downloader, tmp_path: Path, *, hashed: bool
) -> None:
    bucket.put("a.jpg")
    size = len(BODY)
    assert downloader.fetch(collage(hashed=hashed)) == (Fetched.DOWNLOADED, size)
    assert (tmp_path / "a.jpg").read_bytes() == BODY
    assert downloader.fetch(collage(hashed=hashed)) == (Fetched.THERE, size)
    assert bucket.sent == 1
    bucket.put("a.jpg", BODY[::-1])
    again = downloader.fetch(collage(body=BODY[::-1], hashed=hashed))
    assert again == (Fetched.DOWNLOADED, size)
    assert (tmp_path / "a.jpg").read_bytes() == BODY[::-1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_a_damaged_file_is_downloaded_again(
    bucket: Bucket, downloader: Downloader, tmp_path: Path
) -> None:
    bucket.put("a.jpg")
    (tmp_path / "a.jpg").write_bytes(BODY[:-1])
    assert downloader.fetch(collage())[0] is Fetched.DOWNLOADED
    assert (tmp_path / "a.jpg").read_bytes() == BODY


def test_a_download_that_breaks_off_is_tried_again(
    bucket: Bucket, downloader: Downloader, tmp_path: Path
) -> None:
    bucket.put("a.jpg")
    bucket.breaks = TRIES - 1
    assert downloader.fetch(collage())[0] is Fetched.DOWNLOADED
    assert (tmp_path / "a.jpg").read_bytes() == BODY


def test_a_download_that_always_breaks_off_leaves_nothing(
    bucket: Bucket, downloader: Downloader, tmp_path: Path
) -> None:
    bucket.put("a.jpg")
    bucket.breaks = TRIES
    with pytest.raises(TransientError, match="download collages/a"):
        downloader.fetch(collage())
    assert list(tmp_path.iterdir()) == []


def test_a_collage_that_has_expired_is_gone(downloader: Downloader, tmp_path: Path) -> None:
    assert downloader.fetch(collage()) == (Fetched.GONE, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(
    bucket: Bucket, downloader: Downloader, tmp_path: Path
) -> None:
    bucket.put("a.jpg")
    (tmp_path / "a.jpg").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        downloader.fetch(collage(hashed=False))


def test_an_interrupted_download_says_how_to_continue_and_does(
    bucket: Bucket,
    downloader: Downloader,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [collage(f"{number}.jpg") for number in range(12)]
    for file in files:
        bucket.put(file.name)
    fetch_all(downloader, files[:5])
    bucket.interrupts = True
    with pytest.raises(KeyboardInterrupt):
        fetch_all(downloader, files)
    assert "of 12 collages are there; repeat to continue" in capsys.readouterr().err
    bucket.interrupts = False
    fetched, size = fetch_all(downloader, files)
    assert list(fetched.values()).count(Fetched.THERE) == 5
    assert size == 12 * len(BODY)
    assert len(list(tmp_path.iterdir())) == 12
    assert bucket.sent == 12
