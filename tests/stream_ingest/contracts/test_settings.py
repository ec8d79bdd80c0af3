from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import (
    MAX_IDLE_S,
    MAX_IMAGES_PER_WINDOW,
    BatchSettings,
    CollageLayout,
    FlushPolicy,
    parse_duration,
    parse_flush,
)


def test_the_defaults_are_five_by_seven_cells_of_200_pixels() -> None:
    settings = BatchSettings()
    assert (settings.layout.rows, settings.layout.cols, settings.layout.cell_px) == (5, 7, 200)
    assert settings.layout.size_px == (1_400, 1_000)
    assert settings.images_per_window == settings.layout.cells == 35
    assert settings.layout.quality == 95
    assert settings.flush == FlushPolicy(kind="idle", idle_s=7 * 86_400)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("never", FlushPolicy(kind="never")),
        ("batch-end", FlushPolicy(kind="batch-end")),
        ("idle:90s", FlushPolicy(idle_s=90)),
        ("idle:15m", FlushPolicy(idle_s=900)),
        ("idle:12h", FlushPolicy(idle_s=43_200)),
        ("idle:7d", FlushPolicy(idle_s=604_800)),
        ("idle:3650d", FlushPolicy(idle_s=MAX_IDLE_S)),
    ],
)
def test_a_flush_policy_is_read_from_one_word(text: str, policy: FlushPolicy) -> None:
    assert parse_flush(text) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "idle",
        "idle:",
        "idle:0s",
        "idle:7",
        "idle:d",
        "idle:-1d",
        "idle:1.5h",
        "Never",
        "idle:7w",
    ],
)
def test_an_invalid_flush_policy_is_a_user_error(text: str) -> None:
    with pytest.raises(UserError, match="expected"):
        parse_flush(text)


def test_an_idle_time_that_the_codec_would_refuse_is_refused_at_once() -> None:
    """Else every record of the batch would go to quarantine."""
    with pytest.raises(UserError, match="at most 3650d"):
        parse_flush("idle:3651d")
    stored = msgspec.json.encode(parse_flush("idle:3650d"))
    assert msgspec.json.decode(stored, type=FlushPolicy).idle_s == MAX_IDLE_S


def test_a_duration_is_whole_seconds() -> None:
    assert parse_duration("2d") == 172_800


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({"layout": {"rows": 0}}, "layout.rows"),
        ({"layout": {"cols": 41}}, "layout.cols"),
        ({"layout": {"cell_px": 8}}, "layout.cell_px"),
        ({"layout": {"quality": 101}}, "layout.quality"),
        ({"layout": {"background": "white"}}, "layout.background"),
        ({"layout": {"background": "#FFFFFF"}}, "layout.background"),
        ({"layout": {"colour": 1}}, "colour"),
        ({"images_per_window": 0}, "images_per_window"),
        ({"images_per_window": "35"}, "images_per_window"),
        ({"flush": {"kind": "sometimes"}}, "flush.kind"),
        ({"flush": {"idle_s": 0}}, "flush.idle_s"),
        ({"flush": {"idle_s": MAX_IDLE_S + 1}}, "flush.idle_s"),
        ({"images_per_window": 36}, "36 does not fit 5x7 cells"),
        (
            {"layout": {"rows": 40, "cols": 40}, "images_per_window": MAX_IMAGES_PER_WINDOW + 1},
            "images_per_window",
        ),
    ],
)
def test_settings_out_of_range_name_their_field(wire: dict[str, Any], field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(wire, type=BatchSettings)


def test_different_layouts_do_not_share_a_window() -> None:
    one = BatchSettings()
    layouts = [
        CollageLayout(rows=7, cols=5),
        CollageLayout(cell_px=100),
        CollageLayout(quality=80),
        CollageLayout(background="#000000"),
        CollageLayout(fit_rows=True),
        CollageLayout(pack=True),
    ]
    others = [BatchSettings(layout=layout) for layout in layouts]
    others.append(BatchSettings(images_per_window=34))
    assert len({each.window_key for each in [one, *others]}) == 8


def test_the_flush_policy_does_not_separate_windows() -> None:
    assert BatchSettings(flush=FlushPolicy(kind="never")).window_key == BatchSettings().window_key


def test_window_keys_never_change() -> None:
    """Open windows are stored under them: another spelling would leave them open for ever."""
    assert BatchSettings().window_key == "5x7-200px-q95-ffffff-n35"


def test_defaults_are_part_of_the_codec() -> None:
    """They travel unwritten, so an older function fills in its own: they may never change."""
    assert msgspec.json.encode(BatchSettings()) == b"{}"
    assert msgspec.to_builtins(CollageLayout()) == {
        "rows": 5,
        "cols": 7,
        "cell_px": 200,
        "quality": 95,
        "background": "#ffffff",
        "fit_rows": False,
        "pack": False,
    }
    defaults = BatchSettings()
    assert (defaults.images_per_window, defaults.debug) == (35, False)
    assert msgspec.to_builtins(defaults.flush) == {"kind": "idle", "idle_s": 604_800}


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (BatchSettings(), set()),
        (FlushPolicy(), {"kind", "idle_s"}),
        (
            CollageLayout(),
            {"rows", "cols", "cell_px", "quality", "background", "fit_rows", "pack"},
        ),
    ],
)
def test_a_new_setting_is_not_encoded_by_default(value: msgspec.Struct, encoded: set[str]) -> None:
    """Older releases refuse unknown fields; give a new one the default `msgspec.UNSET`."""
    assert msgspec.json.decode(msgspec.json.encode(value), type=dict).keys() == encoded
