from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.batch_options import (
    NO_OPTIONS,
    OPTIONS,
    BatchOptions,
    file_defaults,
    lay_over,
    read_options,
    settings_of,
)
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import (
    BATCH_END,
    BatchSettings,
    CollageLayout,
    DownloadLimits,
    FlushPolicy,
)

EVERY_OPTION: dict[str, Any] = {
    "rows": 3,
    "cols": 4,
    "cell_px": 160,
    "quality": 80,
    "background": "#1d3557",
    "images_per_window": 10,
    "fit_rows": True,
    "pack": True,
    "dedup": False,
    "flush": "idle:12h",
    "output_prefix": "team-a/week_7",
    "group_by_creator": False,
    "debug": True,
    "download_timeout_s": 30,
    "download_tries": 3,
    "downloads_at_once": 8,
}


def test_every_option_reaches_the_settings() -> None:
    assert set(EVERY_OPTION) == set(OPTIONS)
    assert settings_of(read_options(EVERY_OPTION)) == BatchSettings(
        layout=CollageLayout(
            rows=3,
            cols=4,
            cell_px=160,
            quality=80,
            background="#1d3557",
            fit_rows=True,
            pack=True,
        ),
        images_per_window=10,
        flush=FlushPolicy(kind="idle", idle_s=12 * 3600),
        debug=True,
        prefix="team-a/week_7",
        dedup=False,
        group_by_creator=False,
        downloads=DownloadLimits(timeout_s=30, tries=3, at_once=8),
    )


def test_no_options_are_the_settings_that_batches_always_had() -> None:
    assert settings_of(NO_OPTIONS) == BatchSettings()


def test_options_are_stored_as_the_few_that_are_set() -> None:
    assert msgspec.json.encode(BatchOptions(quality=80)) == b'{"quality":80}'


def test_text_is_read_as_forms_and_query_strings_have_it() -> None:
    texts = {"quality": "80", "pack": "true", "dedup": "false", "grid": " 3X4 "}
    assert read_options(texts) == BatchOptions(quality=80, pack=True, dedup=False, rows=3, cols=4)


def test_a_prefix_loses_the_slashes_at_its_ends() -> None:
    assert read_options({"output_prefix": "sqs-trigger/"}).output_prefix == "sqs-trigger"
    assert read_options({"output_prefix": "//a/b/"}).output_prefix == "a/b"
    assert read_options({"output_prefix": "/"}).output_prefix == ""


def test_an_explicit_option_wins_over_a_default_also_if_it_is_false() -> None:
    defaults = BatchOptions(quality=80, fit_rows=True, dedup=True)
    merged = lay_over(BatchOptions(fit_rows=False, dedup=False), defaults)
    assert merged == BatchOptions(quality=80, fit_rows=False, dedup=False)


def test_a_default_number_of_images_applies_only_to_a_grid_with_as_many_cells() -> None:
    defaults = BatchOptions(rows=5, cols=7, images_per_window=30)
    assert settings_of(lay_over(NO_OPTIONS, defaults)).images_per_window == 30
    assert settings_of(lay_over(BatchOptions(rows=10), defaults)).images_per_window == 30
    assert settings_of(lay_over(BatchOptions(rows=2), defaults)).images_per_window == 14


def test_a_collage_is_full_when_its_cells_are() -> None:
    assert settings_of(BatchOptions(rows=2, cols=3)).images_per_window == 6


def test_windows_of_a_file_close_at_its_end_unless_it_says_otherwise() -> None:
    defaults = file_defaults(BatchOptions(flush="never"))
    assert settings_of(lay_over(NO_OPTIONS, defaults)).flush == BATCH_END
    assert settings_of(lay_over(BatchOptions(flush="never"), defaults)).flush.kind == "never"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"rows": 41}, "<rows> 41: expected a whole number from 1 to 40"),
        ({"rows": True}, "<rows> true: expected a whole number"),
        ({"cols": 1.5}, "<cols> 1.5: expected a whole number"),
        ({"quality": "high"}, "<quality> 'high': expected a whole number from 1 to 100"),
        ({"background": "blurple"}, "<background> 'blurple': expected a colour name, such as"),
        ({"background": 7}, "<background> 7: expected a colour name"),
        ({"grid": "5"}, "<grid> '5': expected rows x columns, such as 5x7"),
        ({"grid": "0x7"}, "<grid> '0x7': expected rows x columns"),
        ({"grid": "5x7", "rows": 4}, "<grid> and <rows> 4 contradict each other"),
        ({"pack": "yes"}, "<pack> 'yes': expected true or false"),
        ({"flush": "soon"}, "<flush> 'soon': expected never, batch-end or idle:<duration>"),
        ({"flush": "idle:"}, "<flush> 'idle:': expected never, batch-end or idle:<duration>"),
        ({"flush": "idle:99999d"}, "<flush> 'idle:99999d': at most 3650d"),
        ({"output_prefix": "../x"}, "<output_prefix> '../x': expected folder names of letters"),
        ({"output_prefix": "a" * 129}, "128 characters at most"),
        ({"output_prefix": "by-creator/x"}, "another folder: by-creator and years"),
        ({"output_prefix": "By-Creator/"}, "another folder: by-creator and years"),
        ({"output_prefix": "/2026/11"}, "another folder: by-creator and years"),
        ({"output_prefix": ["a"]}, '<output_prefix> ["a"]: expected folder names'),
        ({"downloads_at_once": 0}, "<downloads_at_once> 0: expected a whole number from 1"),
    ],
)
def test_a_wrong_value_is_named_as_its_caller_wrote_it(
    values: dict[str, object], complaint: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_options(values, lambda option: f"<{option}>")
    assert complaint in str(caught.value)


@pytest.mark.parametrize("option", OPTIONS)
def test_no_complaint_shows_a_regular_expression_or_a_python_type(option: str) -> None:
    with pytest.raises(UserError) as caught:
        read_options({option: {"x": "../"}})
    assert str(caught.value).startswith(f"{option} ")
    assert not any(sign in str(caught.value) for sign in ("^", "\\", "regex", "`", "$."))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (BatchOptions(images_per_window=36), "<images_per_window> 36 does not fit 5x7 cells"),
        (BatchOptions(rows=40, cols=40), "40x40 cells hold more than 400 images: limit them"),
    ],
)
def test_more_images_than_a_collage_can_have_are_refused(
    options: BatchOptions, complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        settings_of(options, lambda option: f"<{option}>")
