from __future__ import annotations

import io

import pytest
from PIL import Image

from ops_dashboard.smoke.covers import COVERS, LAYOUT, collage_problems, cover

RUN, OTHER = "smoke-20261129-081500-a1b2", "smoke-20261129-081500-a1b3"


def collage(numbers: list[int | None], run: str = RUN, size: tuple[int, int] = (600, 200)) -> bytes:
    """Return a collage with these covers in its cells."""
    picture = Image.new("RGB", size, LAYOUT.background)
    for index, number in enumerate(numbers):
        if number is None:
            continue
        with Image.open(io.BytesIO(cover(run, number))) as whole:
            picture.paste(whole.resize((200, 200)), (index * 200, 0))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=LAYOUT.quality)
    return data.getvalue()


@pytest.mark.parametrize(("window", "numbers"), [(0, [0, 1, 2]), (1, [3, 4, None])])
def test_a_right_collage_has_no_problems(window: int, numbers: list[int | None]) -> None:
    assert collage_problems(collage(numbers), RUN, window) == []


@pytest.mark.parametrize(
    ("window", "numbers", "problems"),
    [
        (0, [0, 1, None], ["cell 3 shows nothing instead of cover 3"]),
        (
            0,
            [1, 0, 2],
            [
                "cell 1 shows cover 2 instead of cover 1",
                "cell 2 shows cover 1 instead of cover 2",
            ],
        ),
        (1, [3, 4, 4], ["cell 3 shows cover 5 instead of nothing"]),
        (1, [0, 4, None], ["cell 1 shows cover 1 instead of cover 4"]),
    ],
)
def test_each_wrong_cell_is_a_problem(
    window: int, numbers: list[int | None], problems: list[str]
) -> None:
    assert collage_problems(collage(numbers), RUN, window) == problems


def test_a_collage_of_another_run_is_a_problem() -> None:
    problems = collage_problems(collage([0, 1, 2], OTHER), RUN, 0)
    assert problems[0] == "cell 1 shows cover 1 of another run instead of cover 1"
    assert len(problems) == 3


def test_a_cell_with_another_picture_is_a_problem() -> None:
    picture = Image.open(io.BytesIO(collage([0, 1, None])))
    picture.paste("#ffffff", (400, 0, 500, 200))
    data = io.BytesIO()
    picture.save(data, "PNG")
    assert collage_problems(data.getvalue(), RUN, 0) == [
        "cell 3 shows something else instead of cover 3"
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (collage([0], size=(600, 400)), "it has 600x400 px instead of 600x200"),
        (collage([0, 1, 2])[:700], "it cannot be decoded"),
        (b"<Error/>", "it cannot be decoded"),
    ],
    ids=["size", "cut", "xml"],
)
def test_what_is_not_such_a_collage_is_a_problem(data: bytes, problem: str) -> None:
    (found,) = collage_problems(data, RUN, 0)
    assert found.startswith(problem)


def test_no_two_runs_and_no_two_covers_have_the_same_bytes() -> None:
    """Else the stack would take them for a placeholder that many creators have."""
    covers = [cover(run, number) for run in (RUN, OTHER) for number in range(COVERS)]
    assert len(set(covers)) == 2 * COVERS
