from __future__ import annotations

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.reading import Reading, lay_reading_over, parse_names, read_reading


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, {}),
        ("", {}),
        ("cover=Bild", {"cover": "Bild"}),
        (
            "creator=Autor, cover = Bild ;created_at: Datum",
            {"creator": "Autor", "cover": "Bild", "created_at": "Datum"},
        ),
        ("creator=Name, first,cover=a=b", {"creator": "Name, first", "cover": "a=b"}),
    ],
)
def test_columns_are_named_by_role(text: str | None, names: dict[str, str]) -> None:
    assert parse_names(text) == names


def test_columns_may_be_an_object() -> None:
    named = {"creator": "Autor", "created_at": "Datum, UTC"}
    assert read_reading({"columns": named}).columns == "creator=Autor,created_at=Datum, UTC"


@pytest.mark.parametrize(
    "values",
    [
        {"columns": "url=x"},
        {"columns": {"url": "x"}},
        {"columns": ["creator"]},
        {"columns": "creator=a,creator=b"},
        {"dates": "european"},
        {"dates": 1904},
        {"timezone": "CST"},
        {"timezone": 8},
    ],
)
def test_a_wrong_option_is_named_as_its_caller_wrote_it(values: dict[str, object]) -> None:
    (option,) = values
    with pytest.raises(UserError, match=f"^<{option}>"):
        read_reading(values, lambda name: f"<{name}>")


def test_what_is_left_open_comes_from_below() -> None:
    own = Reading(columns="cover=a")
    below = Reading(columns="cover=b", dates="excel", timezone="+08:00")
    merged = Reading(columns="cover=a", dates="excel", timezone="+08:00")
    assert lay_reading_over(own, below) == merged
    assert merged.form.timezone == "+08:00"
