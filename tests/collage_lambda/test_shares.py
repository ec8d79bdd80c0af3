"""Keys of packs that windows share, and how a share is written down."""

from __future__ import annotations

import pytest

from collage_lambda.output.keys import keys_of
from collage_lambda.shares import Share, is_shared_key, shared_key
from ops_dashboard.erase.subject import Subject
from tests.fakes.collage.events import window_ready

TOKEN = "0123456789abcdef01234567"
SHARE = Share(key=shared_key(TOKEN), offset=38, length=5_250_000)


def test_a_share_comes_back_from_its_text() -> None:
    assert str(SHARE) == f"originals/shared/{TOKEN}.zip#38+5250000"
    assert Share.parse(str(SHARE)) == SHARE


@pytest.mark.parametrize(
    "text",
    [
        "",
        SHARE.key,
        f"{SHARE}0000000000",
        f"{SHARE} ",
        f"x{SHARE}",
        str(SHARE).replace("shared", "ann"),
        str(SHARE).replace("#38", "#-1"),
        "originals/ann/000001.zip#38+10",
        "collages/a.jpg#0+10",
    ],
)
def test_other_text_names_no_share(text: str) -> None:
    assert Share.parse(text) is None


def test_no_windows_own_key_is_taken_for_a_shared_one() -> None:
    """Also those of a creator whose name is that of the folder, in its last window."""
    for number in (1, 999_999_999_999):
        event = window_ready([], creator="shared", number=number)
        assert not is_shared_key(keys_of(event).originals)
    assert is_shared_key(SHARE.key)
    assert Subject("shared").window_of(shared_key("1" * 24)) is None
