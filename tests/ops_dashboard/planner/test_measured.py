from __future__ import annotations

import msgspec
import pytest

from ops_dashboard.planner.command import shipped_figures
from ops_dashboard.planner.measured import NAMES, Figures
from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.plan_figures import FIGURES


def test_the_shipped_figures_are_read_from_the_package() -> None:
    assert shipped_figures().rows_per_shard_s > 0


def test_any_figure_can_be_replaced_and_only_that_one_changes() -> None:
    for name in NAMES:
        changed = FIGURES.changed({name: 7.0})
        both = (
            *msgspec.structs.astuple(changed.measured),
            *msgspec.structs.astuple(changed.assumed),
        )
        assert both.count(7.0) == 1
    assert Figures(measured=FIGURES.measured) == FIGURES.changed({})


def test_a_figure_that_is_divided_by_is_not_0() -> None:
    assert FIGURES.changed({"collage_network_s": 0}).assumed.collage_network_s == 0
    with pytest.raises(UserError, match="push_rows_per_s is 0"):
        FIGURES.changed({"push_rows_per_s": 0})
