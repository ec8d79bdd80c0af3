from __future__ import annotations

import pytest

from ops_dashboard.outputs.link import console_page, life_of
from stream_ingest.contracts.errors import UserError


@pytest.mark.parametrize(("text", "life_s"), [("1h", 3_600), ("7d", 604_800), ("30s", 30)])
def test_a_link_lives_up_to_seven_days(text: str, life_s: int) -> None:
    assert life_of(text) == life_s


@pytest.mark.parametrize("text", ["8d", "0s", "soon", ""])
def test_another_life_is_an_error(text: str) -> None:
    with pytest.raises(UserError, match="expected"):
        life_of(text)


def test_a_windows_page_in_the_console_has_its_id_escaped() -> None:
    page = console_page("https://c.example.org/", "a&b:000012")
    assert page == "https://c.example.org/gallery?window=a%26b%3A000012"
