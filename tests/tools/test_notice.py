from __future__ import annotations

from email.message import Message
from importlib.metadata import PackageNotFoundError

import pytest

from stream_ingest.contracts.errors import UserError
from tools import notice
from tools.notice import NOTICE, licence_of, locked_packages, notice_text


def test_notice_is_up_to_date() -> None:
    assert NOTICE.read_text(encoding="utf-8") == notice_text(), "run make notice"


def test_every_locked_package_is_listed_with_the_bundles_that_carry_it() -> None:
    lines = {line.split()[0]: line for line in notice_text().splitlines() if line.strip()}
    for package in locked_packages("collage"):
        assert "collage" in lines[package]
    assert lines["orjson"].endswith("windowing, intake, links")


def test_a_package_without_a_licence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "metadata", lambda _package: Message())
    with pytest.raises(UserError, match="a-package does not name its licence"):
        licence_of("a-package")
    monkeypatch.undo()
    with pytest.raises(PackageNotFoundError):
        licence_of("a-package-that-is-not-installed")
