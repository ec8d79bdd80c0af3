"""The commands as an operator runs them: what they print, ask and answer, and how they end."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ops_dashboard.photos import waiting
from ops_dashboard.photos.jobs.runner import JobRunner
from ops_dashboard.photos.put.transfer import Transfer
from ops_dashboard.photos.sender import RequestSender
from stream_ingest.contracts.errors import TransientError
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.photos.moto_stack import OTHER, UPLOADS, Stack
from tests.fakes.photos.renderer import BROKEN


def jpeg(body: bytes = b"") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (60, 60), "red").save(data, "JPEG")
    return data.getvalue() + body


def test_a_backfill_shows_counts_and_cost_asks_and_sends(stack: Stack) -> None:
    stack.upload("g/a.jpg", b"one")
    stack.upload("g/b.jpg", BROKEN)
    stack.upload("cat.jpg", b"cat")
    stack.upload("g/notes.txt", b"text")

    shown = stack.run("backfill --dry-run")
    assert (shown.code, "dry run: nothing is rendered" in shown.err) == (0, True)
    assert "3" in shown.out
    assert "USD" in shown.out
    refused = stack.run("backfill")
    assert refused.code == 2
    assert "nothing was sent: give --yes" in refused.err
    assert stack.run("backfill", "n").code == 2
    assert stack.messages() == []

    done = stack.run("backfill", "y")
    assert (done.code, "4 requests sent" in done.err) == (0, True)
    assert stack.work() == 4
    again = stack.run("backfill --yes")
    assert "nothing to send" in again.err
    assert "failed for good" in again.out
    assert stack.messages() == []


def test_a_rehearsal_for_programs_is_one_line_of_json(stack: Stack) -> None:
    stack.upload("g/a.jpg", b"one")
    report = json.loads(stack.run("backfill --dry-run --json").out)

    assert (report["job"], report["to_send"], report["needs"]) == ("", 1, {"render": 1})
    assert 0 < report["usd"] < 0.001


def test_an_interrupted_backfill_says_how_to_continue_and_continues(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops_dashboard.photos.jobs.runner.GROUP", 5)
    for at in range(12):
        stack.upload(f"g/{at:03}.jpg", b"one")
    send, sent = RequestSender.send, []

    def interrupted(self: RequestSender, requests: Any) -> None:  # noqa: ANN401 - as the original
        sent.append(len(requests))
        if len(sent) == 2:
            raise KeyboardInterrupt
        send(self, requests)

    monkeypatch.setattr(RequestSender, "send", interrupted)
    stopped = stack.run("backfill --yes")
    assert stopped.code == 130
    command = stopped.err.partition("continue it with: ops-dashboard photos ")[2].splitlines()[0]
    assert "unfinished" in stack.run("backfill --dry-run").err

    continued = stack.run(f"{command} --yes --json")
    assert json.loads(continued.out)["sent"] == 12
    assert len(stack.messages()) == 12
    finished = stack.run(command)
    assert (finished.code, "is finished" in finished.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("backfill --bucket elsewhere", "add it to photosOtherBuckets (now wedding-archive)"),
        ("backfill --resume no-such-job", "there is no job 'no-such-job'; unfinished: none"),
        ("backfill --resume x --prefix g/", "--resume continues a job with its own --prefix"),
        ("render", "give --recipe renditions or augmentation"),
        ("render --recipe sepia", "not 'sepia'"),
        ("render --recipe augmentation --gallery g", "leave --gallery out"),
        ("render --recipe renditions --gallery a/b", "is no gallery"),
        ("retry", "give either keys of photos, --reason REASON or --all"),
        ("retry --reason ugly", "'ugly' is none of too_large"),
        ("retry g/none.jpg", "no photo 'g/none.jpg'"),
        ("list --status new", "'new' is none of pending"),
        ("list --json --csv", "not both"),
        ("put a.jpg", "give either --gallery NAME, or --augment"),
        ("put a.jpg --gallery g", "a.jpg does not exist"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(stack: Stack, line: str, message: str) -> None:
    done = stack.run(line)
    assert done.code in {1, 2}
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_a_stack_without_photos_says_so(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops_dashboard.photos.stack.load_stack", lambda *_: stack_outputs())
    assert "set coverstream:photos to true" in stack.run("list").err


def test_everything_of_a_gallery_is_rendered_again(stack: Stack) -> None:
    for key in ("g/a.jpg", "h/a.jpg", "cat.jpg"):
        stack.upload(key, b"one")
    stack.run("backfill --yes")
    stack.work()

    assert stack.run("render --recipe renditions --gallery g --yes").code == 0
    (body,) = stack.messages()
    assert json.loads(body).items() >= {"render": "g/a.jpg", "again": True}.items()


def test_failed_photos_are_listed_and_retried(stack: Stack) -> None:
    stack.upload("g/a.jpg", b"one")
    stack.upload("g/=b.jpg", BROKEN)
    stack.run("backfill --yes")
    stack.work()

    listed = stack.run("list --status failed")
    assert "g/=b.jpg" in listed.out
    assert "corrupt" in listed.out
    assert "g/a.jpg" not in listed.out
    rows = list(csv.DictReader(io.StringIO(stack.run("list --gallery g --csv").out)))
    assert {row["photo"]: row["status"] for row in rows} == {
        "g/a.jpg": "active",
        "g/=b.jpg": "failed",
    }
    assert [each["photo"] for each in json.loads(stack.run("list --json --limit 1").out)]
    assert "--limit 0 lists all" in stack.run("list --limit 1").err
    assert "has not failed" in stack.run("retry g/a.jpg").err
    assert stack.run("retry --all").code == 2
    assert stack.run("retry --reason corrupt --yes").code == 0
    (body,) = stack.messages()
    assert json.loads(body)["again"] is True
    assert stack.run("retry --reason timed_out --yes").err.strip() == (
        "no photo has failed with timed_out"
    )


def test_a_retry_waits_until_the_photo_has_ended_for_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.upload("g/b.jpg", BROKEN)
    stack.run("backfill --yes")
    stack.work()
    monkeypatch.setattr(time, "sleep", lambda _: stack.work())

    failed = stack.run("retry g/b.jpg --wait")
    assert (failed.code, "g/b.jpg: failed: corrupt (no pixels)" in failed.err) == (1, True)
    assert "1 of 1 photos failed" in failed.err


def test_photos_of_another_bucket_are_rendered(stack: Stack) -> None:
    stack.upload("g/a.jpg", b"mine")
    stack.upload("g/a.jpg", b"theirs", OTHER)
    stack.run("backfill --yes")
    assert stack.run(f"backfill --bucket {OTHER} --yes").code == 0
    assert stack.work() == 2

    names = {each["photo"] for each in json.loads(stack.run("list --gallery g --json").out)}
    assert names == {"g/a.jpg", f"s3://{OTHER}/g/a.jpg"}
    assert "nothing to send" in stack.run(f"backfill --bucket {OTHER}").err


def test_files_are_uploaded_checked_and_waited_for(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "b.jpg").write_bytes(b"no image")
    line = f"put {tmp_path}/a.jpg {tmp_path}/b.jpg --gallery g"

    first = stack.run(line)
    assert first.code == 1
    assert "b.jpg: not uploaded: not_an_image" in first.err
    assert "1 of 2 files were not uploaded" in first.err
    assert first.out.strip() == f"uploaded s3://{UPLOADS}/g/a.jpg"

    monkeypatch.setattr(time, "sleep", lambda _: stack.work('{"render": "g/a.jpg"}'))
    second = stack.run(f"put {tmp_path}/a.jpg --gallery g --wait")
    assert (second.code, second.out.strip()) == (0, f"there already s3://{UPLOADS}/g/a.jpg: active")
    report = json.loads(stack.run(f"put {tmp_path}/a.jpg --gallery g --wait --json").out)
    assert report == {
        "uploaded": [],
        "there": ["g/a.jpg"],
        "refused": {},
        "ended": {"g/a.jpg": "active"},
    }


def test_a_connection_that_is_cut_says_to_repeat(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())

    def cut(*_: object) -> None:
        msg = "put g/a.jpg: connection closed"
        raise TransientError(msg)

    monkeypatch.setattr(Transfer, "send", cut)
    done = stack.run(f"put {tmp_path}/a.jpg --gallery g")
    assert done.code == 1
    assert "0 of 1 files are uploaded; repeat to continue" in done.err


def test_waiting_ends_if_nothing_ends(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.upload("g/b.jpg", BROKEN)
    stack.run("backfill --yes")
    stack.work()
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _: None)

    done = stack.run("retry g/b.jpg --wait")
    assert (done.code, "1 photo without an end" in done.err) == (1, True)


def test_a_job_of_earlier_recipes_is_not_continued(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.upload("g/a.jpg", b"one")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(JobRunner, "run", interrupted)
        name = stack.run("backfill --yes").err.split()[-1]
    monkeypatch.setattr("ops_dashboard.photos.jobs.command.current_recipes", lambda: {"r": "2"})
    done = stack.run(f"backfill --resume {name}")
    assert (done.code, "the recipes have changed" in done.err) == (2, True)
    wrong = stack.run(f"render --resume {name}")
    assert "is a job of `photos backfill`" in wrong.err
