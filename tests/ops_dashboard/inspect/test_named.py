from __future__ import annotations

import pytest

from ops_dashboard.inspect.named import Named
from stream_ingest.contracts.errors import NotFoundError, UserError
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable


@pytest.fixture
def named(ops_table: OpsTable) -> Named:
    """Look up in a table with one batch, and one creator who has one window."""
    rows = header("b", images=2)
    ops_table.aws.registry.register(rows)
    ops_table.fold("ann", range(2), rows)
    return Named(ops_table.aws.dynamodb, TABLE, "dev")


def test_what_exists_is_found(named: Named) -> None:
    named.check_windows(["ann:000001"])
    named.check_batch("b")
    assert named.find_creators(["@ann "]) == ["ann"]


def test_what_does_not_exist_is_named_in_the_error(named: Named) -> None:
    with pytest.raises(NotFoundError, match="no window nope:000002 in stack 'dev'"):
        named.check_windows(["ann:000001", "nope:000002"])
    with pytest.raises(NotFoundError, match="no batch nope in stack 'dev'"):
        named.check_batch("nope")
    with pytest.raises(NotFoundError, match="no creator ben, charli in stack 'dev'"):
        named.find_creators(["ann", "ben", "charli"])


def test_a_long_list_of_missing_things_is_cut(named: Named) -> None:
    missing = [f"nope:{number:06d}" for number in range(1, 6)]
    with pytest.raises(NotFoundError, match="nope:000003 and 2 more in stack"):
        named.check_windows(missing)


@pytest.mark.parametrize("window_id", ["nope", "nope:2", ":000002", "a b:000001"])
def test_text_that_cannot_be_a_window_id_is_a_users_mistake(named: Named, window_id: str) -> None:
    with pytest.raises(UserError, match="not a window id") as caught:
        named.check_windows([window_id])
    assert not isinstance(caught.value, NotFoundError)
