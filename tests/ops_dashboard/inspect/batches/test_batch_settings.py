from __future__ import annotations

import msgspec
import pytest

from ops_dashboard.inspect.batches.batch_settings import setting_lines
from stream_ingest.contracts.settings import (
    BATCH_END,
    BatchSettings,
    CollageLayout,
    DownloadLimits,
    FlushPolicy,
)


def lines(settings: BatchSettings) -> dict[str, str]:
    stored = msgspec.json.encode(settings).decode()
    return {line.name: line.value for line in setting_lines(stored)}


def test_default_settings_are_shown_without_what_is_off() -> None:
    assert lines(BatchSettings()) == {
        "grid": "5 x 7 cells of 200 px",
        "images per collage": "at most 35",
        "JPEG quality": "95",
        "background": "#ffffff",
        "windows that are not full": "close 7 days after their last image",
        "a collage shows": "one creator",
        "known images": "refused",
    }


def test_other_settings_are_added() -> None:
    shown = lines(
        BatchSettings(
            layout=CollageLayout(rows=2, cols=2, fit_rows=True, pack=True),
            images_per_window=4,
            dedup=False,
            group_by_creator=False,
            prefix="campaign-7",
            debug=True,
            downloads=DownloadLimits(timeout_s=5, tries=2, at_once=3),
        )
    )
    assert shown["known images"] == "accepted again"
    assert shown["a collage shows"] == "the file in its order"
    assert shown["output folder"] == "campaign-7"
    assert shown["download timeout"] == "5 s"
    assert {"rows without images", "cells of failed images", "failed downloads"} < shown.keys()


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (BATCH_END, "close when the batch ends"),
        (FlushPolicy(kind="never"), "wait until they are full"),
        (FlushPolicy(idle_s=43_200), "close 12 hours after their last image"),
    ],
)
def test_flush_policies_are_sentences(policy: FlushPolicy, text: str) -> None:
    assert lines(BatchSettings(flush=policy))["windows that are not full"] == text


def test_settings_of_a_newer_release_are_shown_as_they_are() -> None:
    (line,) = setting_lines('{"sparkle": true}')
    assert line.value == '{"sparkle": true}'
