from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.aws.instances import Instance
from ops_dashboard.local.aws.persistence import (
    SavedStack,
    check_matches,
    load_saved_stack,
    record_saved_stack,
)
from stream_ingest.contracts.errors import UserError

INSTANCE = Instance(
    stack="dev",
    port=5001,
    endpoint="http://127.0.0.1:5001",
    group=1,
    started="now",
    folder="/nowhere",
)


def test_a_deployed_stack_is_restored(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert load_saved_stack(folder) is None
    record_saved_stack(folder, INSTANCE)
    (folder / "services").mkdir()
    saved = load_saved_stack(folder)
    assert saved == SavedStack(stack="dev", port=5001, auth=False, sources=())
    check_matches(folder, saved, stack="dev", port=None, auth=False)


def test_the_state_of_a_failed_deployment_is_deleted(tmp_path: Path) -> None:
    """A second deployment onto a partial one would fail, because resources exist."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "s3.json").write_text("{}")
    assert load_saved_stack(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    with pytest.raises(UserError, match=r"contains 'thesis.odt'"):
        load_saved_stack(tmp_path)
    assert (tmp_path / "thesis.odt").exists()


@pytest.mark.parametrize(
    "requested",
    [
        {"stack": "prod", "port": None, "auth": False},
        {"stack": "dev", "port": 5002, "auth": False},
        {"stack": "dev", "port": None, "auth": True},
    ],
)
def test_saved_state_needs_the_same_options(tmp_path: Path, requested: dict[str, object]) -> None:
    saved = SavedStack(stack="dev", port=5001, auth=False)
    with pytest.raises(UserError, match="contains stack dev on port 5001, without --auth"):
        check_matches(tmp_path, saved, **requested)  # type: ignore[arg-type]
