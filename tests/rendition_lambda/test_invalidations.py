"""Paths of invalidations cover every address of what was removed."""

from __future__ import annotations

import pytest

from rendition_lambda.invalidations import invalidation_paths
from rendition_lambda.names import address, output_keys
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS


@pytest.mark.parametrize(
    ("stem", "paths"),
    [
        ("IMG_1", ["/renditions/g/IMG_1_*"]),
        ("a b ü", ["/renditions/g/a%20b%20%C3%BC_*"]),
        ("IMG (1)", ["/renditions/g/IMG%20%281%29_*", "/renditions/g/IMG%20(1)_*"]),
        ("a+b", ["/renditions/g/a%2Bb_*", "/renditions/g/a+b_*"]),
        ("100%", ["/renditions/g/100%25_*"]),
        ("a~b", ["/renditions/g/a~b_*", "/renditions/g/a%7Eb_*"]),
        ("what*", ["/renditions/g/what%2A_*"]),
    ],
)
def test_one_path_covers_all_outputs_of_a_photo_in_each_form(stem: str, paths: list[str]) -> None:
    keys = output_keys(RENDITIONS, "g", stem)

    assert invalidation_paths(keys) == paths
    for key in keys:
        assert address("b", "d.net", key, "01234567")[len("https://d.net") :].startswith(
            paths[0].removesuffix("*")
        )


def test_what_is_not_served_is_not_invalidated() -> None:
    assert invalidation_paths(output_keys(AUGMENTATION, "original-uploads", "cat")) == []
    assert invalidation_paths([]) == []


def test_a_single_output_is_covered_with_every_query() -> None:
    assert invalidation_paths(["renditions/g/a_large.jpg"]) == ["/renditions/g/a_large.jpg*"]
