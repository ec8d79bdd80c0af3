from __future__ import annotations

import pytest

from ops_dashboard.erase.subject import Subject, kind_of

ANN = Subject("ann")


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("collages/2026/11/20/stream-push/ann_collage_000012.jpg", 12),
        ("collages/team/a/2026/11/20/x/b/ann_collage_20261120_233000_000012.jpg", 12),
        ("collages/by-creator/ann/ann_collage_000012.jpg", 12),
        ("thumbnails/2026/11/20/x/ann_thumb_20261120_233000_000012.jpg", 12),
        ("metadata/2026/11/20/x/ann_metadata_20261120_233000_000012.json", 12),
        ("originals/ann/000012.zip", 12),
        ("processing/windows/ann/000012.json", 12),
        ("debug/failed-downloads/2026/11/20/ann/000012/003.json", 12),
        ("collages/ann/2026/11/20/x/bob_collage_000012.jpg", None),
        ("collages/2026/11/20/x/annabel_collage_000012.jpg", None),
        ("collages/2026/11/20/x/joann_collage_000012.jpg", None),
        ("collages/2026/11/20/x/ann_collage_b_collage_000012.jpg", None),
        ("originals/annabel/000012.zip", None),
        ("results/ann.csv", None),
        ("prefetched/2026/11/06/120000-abc.zip", None),
    ],
)
def test_a_key_belongs_to_the_creator_whose_window_it_names(key: str, number: int | None) -> None:
    assert ANN.window_of(key) == number


def test_names_that_are_escaped_in_keys_are_found() -> None:
    who = Subject("Zoë 🎉")
    assert who.window_of(f"originals/{who.key}/000001.zip") == 1
    assert who.owns_window(f"{who.key}:000001")


def test_a_window_id_of_another_creator_is_not_owned() -> None:
    assert ANN.owns_window("ann:000001")
    assert not ANN.owns_window("annabel:000001")
    assert not ANN.owns_window(None)


def test_objects_are_counted_by_what_they_are() -> None:
    assert kind_of("collages/by-creator/ann/ann_collage_000012.jpg") == "copies by creator"
    assert kind_of("collages/x/ann_collage_000012.jpg") == "collages"
    assert kind_of("own/of/a/template.jpg") == "other objects"
