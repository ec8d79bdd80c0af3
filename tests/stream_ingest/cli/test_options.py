from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.cli.options import batch_settings
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BatchSettings, FlushPolicy


def settings(**changes: Any) -> BatchSettings:  # noqa: ANN401 - any option
    options = {
        "flush": False,
        "flush_policy": None,
        "rows": 5,
        "cols": 7,
        "cell_px": 200,
        "quality": 95,
        "background": "#ffffff",
        "images_per_window": None,
        "debug": False,
    }
    return batch_settings(**(options | changes))


def test_a_batch_has_the_default_settings() -> None:
    assert settings() == BatchSettings()


def test_a_collage_is_full_when_its_cells_are() -> None:
    assert settings(rows=2, cols=3).images_per_window == 6
    assert settings(rows=2, cols=3, images_per_window=4).images_per_window == 4


def test_flush_is_short_for_the_policy_of_that_name() -> None:
    never = FlushPolicy(kind="never")
    assert settings(flush=True).flush.kind == "batch-end"
    assert settings(flush=True, flush_policy=never).flush.kind == "batch-end"
    assert settings(flush_policy=never).flush == never


def test_a_colour_may_be_written_in_capitals() -> None:
    assert settings(background="#FFAA00").layout.background == "#ffaa00"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"rows": 0}, "rows"),
        ({"cols": -1}, "cols"),
        ({"cell_px": 5}, "cell_px"),
        ({"quality": 0}, "quality"),
        ({"background": "red"}, "background"),
        ({"images_per_window": 0}, "images_per_window"),
        ({"images_per_window": 36}, "does not fit"),
        ({"rows": 40, "cols": 40}, "images_per_window"),
    ],
)
def test_invalid_collage_options_are_a_user_error(options: dict[str, Any], field: str) -> None:
    with pytest.raises(UserError, match=f"collage options: .*{field}"):
        settings(**options)
