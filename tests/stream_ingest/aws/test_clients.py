from __future__ import annotations

from pathlib import Path

import pytest
from botocore.loaders import create_loader

from stream_ingest.aws import clients


def test_all_sessions_share_the_service_descriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A push has four of them, and each by itself would keep 7 MB of endpoints alone."""
    monkeypatch.delenv("AWS_DATA_PATH", raising=False)
    monkeypatch.setattr(
        "botocore.session.create_loader", create_loader
    )  # instead of the tests' own
    first, second = (clients.session()._session.get_component("data_loader") for _ in range(2))  # noqa: SLF001 - boto3 shows it nowhere else
    assert first is second is clients.async_session().get_component("data_loader")


def test_a_custom_folder_of_service_descriptions_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert str(tmp_path) in clients.async_session().get_component("data_loader").search_paths
