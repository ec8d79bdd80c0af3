from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_ingest.contracts.creators import (
    MAX_DISPLAY_BYTES,
    CreatorCase,
    CreatorName,
    candidates,
    creator_of,
    read_creator,
)
from stream_ingest.contracts.naming import creator_key

CASES = st.sampled_from(CreatorCase)
ODD = "@\uff20 \u00a0\u200b\u200d\u202e\ufeff\0\n\u0301\u0338eEß\u212a\u017f\u01f0/aA"
TEXT = st.text(max_size=12) | st.text(alphabet=ODD, max_size=12)
AROUND = st.text(alphabet=" \t\r\n\0\u00a0\u2003\u3000\u200b\ufeff\u200e\u202e\u2060", max_size=3)


@given(TEXT, CASES)
@example("@https://www.tiktok.com/@@a", CreatorCase.KEEP)
def test_the_name_of_a_name_is_the_name(text: str, case: CreatorCase) -> None:
    name = creator_of(text, case)
    assert creator_of(name, case) == name


@given(st.sampled_from(["charli", "Zoë", "b.c_1", "Ann Lee", "張偉", "O'Hara"]), st.data())
def test_spellings_of_a_creator_have_one_name_and_key(name: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(["", "@", "\uff20", "@ "]))
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    within = unicodedata.normalize(form, name).replace(" ", data.draw(st.sampled_from(" \u00a0")))
    at_place = data.draw(st.integers(0, len(within)))
    joined = f"{within[:at_place]}\u200b{within[at_place:]}"
    spelling = f"{data.draw(AROUND)}{at}{joined}{data.draw(AROUND)}"
    found = read_creator(spelling)
    assert found is not None
    assert creator_key(found.name) == creator_key(name)


@given(TEXT, CASES)
def test_a_displayed_spelling_leads_back_to_its_creator(text: str, case: CreatorCase) -> None:
    found = read_creator(text, case)
    if found is not None:
        assert creator_of(str(found), case) == found.name


@pytest.mark.parametrize(
    ("value", "name", "shown"),
    [
        ("charli", "charli", ""),
        ("  charli\u00a0", "charli", ""),
        ("@charli", "charli", "@charli"),
        ("\uff20 charli", "charli", "\uff20 charli"),
        ("\ufeffcharli\u200b", "charli", ""),
        ("char\u00adli", "charli", ""),
        ("\u202echarli\u202c", "charli", ""),
        ("charli\0\0", "charli", ""),
        ("jose\u0301", "josé", "jose\u0301"),
        ("Ann \u00a0 Lee", "Ann Lee", ""),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("Charli", "Charli", ""),
        ("nan", "nan", ""),
        ("a@b.c", "a@b.c", ""),
        ("https://www.tiktok.com/@b.c_1?lang=en", "b.c_1", ""),
        ("m.tiktok.com/@b/video/7", "b", ""),
        ("https://vm.tiktok.com/ZM1/", "https://vm.tiktok.com/ZM1/", ""),
        (12345, "12345", ""),
        (12345.0, "12345", ""),
        (Decimal("12345.00"), "12345", ""),
        ("12345.0", "12345.0", ""),
        (b"jos\xc3\xa9", "josé", ""),
        (CreatorName("@old"), "@old", ""),
        ("a" + "\u200d" * 300, "a", ""),
    ],
)
def test_what_a_creator_column_comes_to(value: object, name: str, shown: str) -> None:
    assert read_creator(value) == CreatorName(name, shown)


@pytest.mark.parametrize(
    "value",
    [
        *("", "  ", "@", "\u200b", "\u3164", "a\tb", "x" * 129, "\ud800"),
        *("NULL", " None ", "\\N", "N/A", "-", "6.78E+18", "6,78E+18"),
        *(1.5, 1e18, float("nan"), Decimal("NaN"), None, True, b"jos\xe9"),
    ],
)
def test_what_is_no_creator_is_refused(value: object) -> None:
    """Digits that a spreadsheet dropped, or bytes of another encoding, would merge creators."""
    assert read_creator(value) is None


def test_an_at_sign_makes_a_name_of_a_placeholder() -> None:
    assert read_creator("@NULL") == CreatorName("NULL", "@NULL")


def test_case_matters_unless_it_is_folded() -> None:
    assert creator_of("Charli") == "Charli"
    assert creator_of("@Straße", CreatorCase.FOLD) == "strasse"
    assert read_creator("Charli", CreatorCase.FOLD) == CreatorName("charli", "Charli")


def test_full_width_letters_stay_other_letters() -> None:
    assert creator_of("\uff43harli") == "\uff43harli"


def test_a_spelling_that_an_earlier_version_stored_comes_first() -> None:
    assert candidates("@charli", CreatorCase.KEEP) == ("@charli", "charli")
    assert candidates("charli", CreatorCase.KEEP) == ("charli",)
    assert candidates("@", CreatorCase.KEEP) == ("@",)


def test_a_display_name_is_short() -> None:
    found = read_creator("@" * 200 + "a")
    assert found is not None
    assert len(found.display_name.encode()) <= MAX_DISPLAY_BYTES
