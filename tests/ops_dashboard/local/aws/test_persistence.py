from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.aws.instances import Instance
from ops_dashboard.local.aws.persistence import Kept, check_same, note_kept, read_kept
from stream_ingest.contracts.errors import UserError

INSTANCE = Instance(
    stack="dev",
    port=5001,
    endpoint="http://127.0.0.1:5001",
    group=1,
    started="now",
    folder="/nowhere",
)


def test_what_was_deployed_is_gone_on_from(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert read_kept(folder) is None
    note_kept(folder, INSTANCE)
    (folder / "services").mkdir()
    kept = read_kept(folder)
    assert kept == Kept(stack="dev", port=5001, auth=False)
    check_same(folder, kept, stack="dev", port=None, auth=False)


def test_what_a_failed_deployment_left_is_no_state(tmp_path: Path) -> None:
    """A second deployment onto half of the first would find its resources taken."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "s3.json").write_text("{}")
    assert read_kept(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_strangers_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    with pytest.raises(UserError, match=r"holds 'thesis.odt'"):
        read_kept(tmp_path)
    assert (tmp_path / "thesis.odt").exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"stack": "prod", "port": None, "auth": False},
        {"stack": "dev", "port": 5002, "auth": False},
        {"stack": "dev", "port": None, "auth": True},
    ],
)
def test_what_is_kept_is_not_taken_for_something_else(
    tmp_path: Path, asked: dict[str, object]
) -> None:
    kept = Kept(stack="dev", port=5001, auth=False)
    with pytest.raises(UserError, match="keeps stack dev on port 5001, without --auth"):
        check_same(tmp_path, kept, **asked)  # type: ignore[arg-type]
