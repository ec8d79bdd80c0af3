from __future__ import annotations

from collage_lambda.assembly.duplicates import (
    CreatorsOfImages,
    without_repeats,
    without_shown,
)
from collage_lambda.outcomes import CellOutcome, ImageFacts
from collage_lambda.reasons import Failure, FailureReason


def shown(cell: int, sha256: str) -> CellOutcome:
    facts = ImageFacts(format="JPEG", width=1, height=1, bytes=1, sha256=sha256, origin="download")
    return CellOutcome(cell=cell, identity=f"i{cell}", url=f"u{cell}", facts=facts)


FAILED = CellOutcome(cell=1, identity="i1", url="u1", failure=Failure(reason=FailureReason.TIMEOUT))


def test_only_the_first_cell_of_the_same_bytes_stays() -> None:
    first, again, other, once_more = shown(0, "a"), shown(2, "a"), shown(3, "b"), shown(4, "a")
    judged = without_repeats([first, FAILED, again, other, once_more])
    assert [each.failure and str(each.failure.reason) for each in judged] == [
        *(None, "timeout", "same_bytes", None, "same_bytes"),
    ]
    assert [each.failure.detail for each in judged[2::2] if each.failure] == ["as cell 0"] * 2
    assert [each.facts for each in judged] == [
        each.facts for each in (first, FAILED, again, other, once_more)
    ]


def test_an_image_that_another_window_shows_is_taken_out_and_described() -> None:
    judged = without_shown([shown(0, "a"), FAILED, shown(2, "b")], {"a": "ann:000003"})
    assert [each.failure and each.failure.detail for each in judged] == [
        "as in window ann:000003",
        "",
        None,
    ]
    assert judged[0].facts is not None


def test_only_creators_of_an_image_that_repeats_are_counted() -> None:
    seen = CreatorsOfImages()
    assert seen.record("ann", ["p", "a"], []) == {}
    assert seen.record("ann", ["p"], []) == {}
    assert seen.record("ben", ["p", "b"], []) == {"p": {"ann", "ben"}}
    assert seen.record("cy", ["c"], ["c"]) == {"c": {"cy"}}


def test_a_creator_is_counted_until_it_was_counted_and_no_longer() -> None:
    seen = CreatorsOfImages()
    assert seen.record("ann", ["p"], ["p"]) == {"p": {"ann"}}
    assert seen.record("ann", ["p"], ["p"]) == {"p": {"ann"}}  # the table was unavailable
    seen.mark_counted("p", {"ann"})
    assert seen.record("ann", ["p"], ["p"]) == {}
    assert seen.record("ben", ["p"], []) == {"p": {"ben"}}
    seen.settle("p")
    assert seen.record("cy", ["p"], []) == {}


def test_the_oldest_images_are_forgotten() -> None:
    seen = CreatorsOfImages(remembered=2)
    seen.record("ann", ["a", "b", "c"], [])
    assert seen.record("ben", ["c"], []) == {"c": {"ann", "ben"}}
    assert seen.record("ben", ["a"], []) == {}
