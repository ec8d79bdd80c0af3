"""The documented rights of an operator allow every request of the commands about photos."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from tests.end_to_end.people import recorded
from tests.fakes.photos.moto_stack import UPLOADS, Stack
from tests.fakes.photos.renderer import BROKEN
from tests.models.authorized import allowing, authorizations
from tools.rights.grants import Place, policy
from tools.rights.photos import OPERATOR_OF_PHOTOS
from tools.rights.roles import ROLES

PLACE = Place(account=ACCOUNT, region=REGION, stack="dev")
LINES = (
    "put {folder} --gallery g --wait",
    "put {folder} --gallery g --replace",
    "backfill --yes",
    "backfill --prefix g/ --dry-run",
    "backfill --resume none",
    "render --recipe renditions --yes",
    "retry g/broken.jpg",
    "retry --all --yes",
    "list",
    "list --gallery g",
    "list --status failed",
)
OF_OTHERS = {"ExpectPhotos", "ReadPhotoFiles", "SignLinks"}
"""Statements that other commands need."""


def test_each_request_is_allowed_and_each_statement_is_needed(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large.jpg").write_bytes(b"\xff\xd8\xff" + bytes(17 << 20))
    stack.upload("g/broken.jpg", BROKEN)
    stack.work('{"render": "g/broken.jpg"}')
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("ops_dashboard.photos.waiting.PATIENCE_S", 0.0)
    used: set[str] = set()
    for line in LINES:
        command = f"photos {line.split()[0]}"
        grants = [each for each in ROLES["operator"] if command in each.commands]
        statements = policy(grants, PLACE)["Statement"]
        with recorded() as requests:
            stack.run(line.format(folder=tmp_path))
        assert requests
        for request in requests:
            for needed in authorizations(request):
                sid = allowing(statements, needed)
                assert sid is not None, (line, request.name, needed)
                used.add(sid)

    assert {each.sid for each in OPERATOR_OF_PHOTOS} - used == OF_OTHERS
    assert stack.s3.head_object(Bucket=UPLOADS, Key="g/large.jpg")["ContentLength"] > 16 << 20
