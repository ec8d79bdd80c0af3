"""Links are issued once, listed with what is left of them, and revoked."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from ops_dashboard.photos.links import command
from ops_dashboard.photos.links.command import LinkCommands, state_of
from ops_dashboard.photos.links.request import LinkRequest
from rendition_lambda.links.link_item import Link
from rendition_lambda.links.link_key import LinkKey
from stream_ingest.contracts.errors import NotFoundError, UserError
from tests.fakes.photos.account import PhotoAccount
from tests.fakes.photos.kms import KEY, FakeKms

LINK = Link(
    id="0123456789abcdef",
    folder="wedding",
    link_expires_at=1_000,
    max_files=2,
    max_bytes=100,
    created_at="2026-11-29T10:00:00.000Z",
)
REQUEST = LinkRequest(gallery="wedding", recipe="renditions", expires="1d", files=2, size="1GB")


@pytest.fixture
def kms() -> FakeKms:
    return FakeKms()


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, kms: FakeKms) -> LinkCommands:
    outputs = SimpleNamespace(link_key=KEY, table="photos", domain="photos.example.com")
    parts = SimpleNamespace(outputs=outputs, dynamodb=PhotoAccount().dynamodb)
    session = SimpleNamespace(client=lambda *_, **__: kms)
    monkeypatch.setattr(command.PhotoStack, "open", lambda _: parts)
    monkeypatch.setattr(command.clients, "session", lambda: session)
    return LinkCommands("dev")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - JSON
    return json.loads(capsys.readouterr().out)


def test_a_link_is_issued_listed_and_revoked(
    commands: LinkCommands, kms: FakeKms, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.issue(REQUEST, json=True)
    issued = printed(capsys)
    url = urlsplit(issued["url"])
    assert (url.netloc, url.path) == ("photos.example.com", "/upload/")
    terms = LinkKey(kms, KEY).read(url.fragment)
    assert (terms.id, terms.gallery, terms.max_files) == (issued["id"], "wedding", 2)

    commands.list(json=True)
    (listed,) = printed(capsys)
    assert (listed["id"], listed["state"], listed["gallery"]) == (issued["id"], "open", "wedding")
    assert url.fragment not in json.dumps(listed)
    commands.revoke([issued["id"]], json=True)
    printed(capsys)
    commands.list(json=True)
    assert printed(capsys)[0]["state"] == "revoked"


def test_people_see_a_table_and_are_not_shown_the_link_again(
    commands: LinkCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.issue(REQUEST, json=False)
    shown = capsys.readouterr()
    assert shown.out.startswith("https://photos.example.com/upload/#")
    assert "not shown again" in shown.err
    commands.list(json=False)
    table = capsys.readouterr().out
    assert "wedding" in table
    assert "0 of 2" in table
    assert "#" not in table


def test_an_unknown_link_is_not_revoked(commands: LinkCommands) -> None:
    with pytest.raises(NotFoundError, match="photos link list"):
        commands.revoke(["f" * 16], json=False)


def test_a_stack_without_links_says_which_settings_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outputs = SimpleNamespace(link_key="", table="photos", domain="")
    monkeypatch.setattr(
        command.PhotoStack, "open", lambda _: SimpleNamespace(outputs=outputs, dynamodb=None)
    )
    with pytest.raises(UserError, match="photosUploadLinks and coverstream:photosCdn"):
        LinkCommands("dev")


@pytest.mark.parametrize(
    ("changed", "now", "state"),
    [
        ({}, 999, "open"),
        ({}, 1_000, "expired"),
        ({"files": 2}, 999, "used up"),
        ({"files": 2}, 1_000, "expired"),
        ({"revoked_at": "2026-11-29T10:00:00.000Z"}, 1_000, "revoked"),
    ],
)
def test_the_state_of_a_link_is_one_word(changed: dict[str, Any], now: float, state: str) -> None:
    assert state_of(replace(LINK, **changed), now) == state
