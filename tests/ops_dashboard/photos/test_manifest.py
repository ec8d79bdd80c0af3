"""The manifest of a data set has the lines of every image, whatever state the others are in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops_dashboard.photos import manifest
from ops_dashboard.photos.manifest import manifests, show_manifest
from ops_dashboard.photos.stack import PhotoStack
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.fakes.photos.account import TABLE, PhotoAccount
from tests.fakes.photos.renderer import BROKEN
from tests.fakes.photos.s3 import RENDITIONS, UPLOADS


@pytest.fixture(scope="module")
def account() -> PhotoAccount:
    account = PhotoAccount()
    for key in ("cats/1.jpg", "cats/persian/2.jpg", "catsuits/3.jpg", "4.jpg"):
        account.put(f"original-uploads/{key}", b"one")
    account.put("original-uploads/cats/broken.jpg", BROKEN)
    account.put("original-uploads/cats/gone.jpg", b"one")
    account.drain()
    account.delete("original-uploads/cats/gone.jpg")
    account.drain()
    return account


@pytest.mark.parametrize(
    ("label", "images"),
    [(None, ["1", "2", "3", "4"]), ("cats", ["1", "2"]), ("cats/persian", ["2"]), ("dogs", [])],
)
def test_a_label_selects_its_folder_and_those_below(
    account: PhotoAccount, label: str | None, images: list[str]
) -> None:
    found = list(manifests(account.photos(), label, UPLOADS))

    assert sorted({Path(line.source).stem for lines in found for line in lines}) == images
    assert [len(lines) for lines in found] == [5] * len(images)
    assert all(line.key in account.s3.outputs for lines in found for line in lines)


def test_lines_are_those_of_the_images_own_manifests(
    account: PhotoAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "manifest.jsonl"
    opened(account, monkeypatch)
    show_manifest("dev", label="cats", output=output)

    own = b"".join(account.s3.outputs[f"manifests/{stem}.jsonl"] for stem in ("1", "2"))
    assert sorted(output.read_bytes().splitlines()) == sorted(own.splitlines())
    assert {json.loads(line)["label"] for line in own.splitlines()} == {"cats", "cats/persian"}


def test_a_file_that_cannot_be_written_is_an_error(
    account: PhotoAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened(account, monkeypatch)
    with pytest.raises(UserError, match=r"--output .*: Is a directory"):
        show_manifest("dev", label=None, output=tmp_path)


def opened(account: PhotoAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = PhotosOutputs(
        table=TABLE,
        uploads_bucket=UPLOADS,
        renditions_bucket=RENDITIONS,
        queue_url="",
        backfill_queue_url="",
        dead_letters_url="",
        function="photos",
    )
    stack = PhotoStack(
        name="dev",
        outputs=outputs,
        s3=account.s3,  # type: ignore[arg-type]
        dynamodb=account.dynamodb,  # type: ignore[arg-type]
        sqs=account.sqs,  # type: ignore[arg-type]
    )
    monkeypatch.setattr(manifest.PhotoStack, "open", lambda _: stack)
