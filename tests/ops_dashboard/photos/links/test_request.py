"""The options of a new link become its terms, or an error that says what to write."""

from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.photos.links.request import LinkRequest, parse_size, terms_of
from stream_ingest.contracts.errors import UserError

NOW = 1_790_000_000.0
ID = "0123456789abcdef"


def request(**changed: Any) -> LinkRequest:  # noqa: ANN401 - fields of a request
    given = {
        "gallery": "wedding",
        "recipe": "renditions",
        "expires": "7d",
        "files": 100,
        "size": "5GB",
    }
    return LinkRequest(**{**given, **changed})


def test_options_become_terms() -> None:
    terms = terms_of(request(), ID, NOW)
    assert (terms.id, terms.gallery) == (ID, "wedding")
    assert terms.expires_at == NOW + 7 * 86_400
    assert (terms.max_files, terms.max_bytes) == (100, 5 << 30)


def test_images_to_augment_have_no_gallery() -> None:
    assert terms_of(request(gallery=None, recipe="augmentation"), ID, NOW).gallery is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gallery": None}, "give --gallery NAME, or --recipe augmentation"),
        ({"recipe": "augmentation"}, "leave --gallery out"),
        ({"recipe": "posters"}, "--recipe 'posters' is none of renditions, augmentation"),
        ({"gallery": "a/b"}, "has a slash"),
        ({"gallery": ".."}, "'..'"),
        ({"gallery": "original-uploads"}, "not a gallery"),
        ({"expires": "soon"}, "such as 90s, 15m, 12h or 7d"),
        ({"expires": "0s"}, "such as 90s, 15m, 12h or 7d"),
        ({"expires": "91d"}, "--expires 91d: at most 90d"),
        ({"size": "lots"}, "such as 500MB, 5GB or 1TB"),
        ({"size": "0GB"}, "such as 500MB, 5GB or 1TB"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(changed: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as refused:
        terms_of(request(**changed), ID, NOW)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 500 << 20), ("5gb", 5 << 30), ("1 TB", 1 << 40)]
)
def test_sizes_are_as_the_limits_of_recipes(text: str, size: int) -> None:
    assert parse_size(text) == size
