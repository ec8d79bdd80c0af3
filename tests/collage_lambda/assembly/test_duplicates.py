from __future__ import annotations

from collage_lambda.assembly.duplicates import PlaceholderDetector, without_repeats
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


def test_an_image_is_reported_once_when_enough_creators_have_it() -> None:
    detector = PlaceholderDetector(creators=3)
    assert detector.record("ann", ["p", "a", "p"]) == []
    assert detector.record("ann", ["p"]) == []
    assert detector.record("ben", ["p", "b"]) == []
    assert detector.record("cy", ["c", "p"]) == ["p"]
    assert detector.record("di", ["p"]) == []


def test_the_oldest_images_are_forgotten() -> None:
    detector = PlaceholderDetector(creators=2, remembered=2)
    detector.record("ann", ["a", "b", "c"])
    assert detector.record("ben", ["a"]) == []
    assert detector.record("ben", ["c"]) == ["c"]
