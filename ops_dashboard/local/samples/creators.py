"""The creators of the demo: realistic names, and the number of covers of each. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCreator:
    """A creator, and how many of its rows are accepted."""

    index: int  # 0 to 63, encoded in the swatch of its covers
    name: str
    caption: str  # the name in ASCII, for the labels
    covers: int
    all_fail: bool = False  # none of its covers can be downloaded


# Name, number of covers, and their caption if the name is not ASCII.
_Line = tuple[str, int, str]

# The numbers are around 35 and 70, the sizes of one and two windows.
_PUSHED: tuple[_Line, ...] = (
    ("mia.cooks", 140, ""),
    ("the_real_leo_travels2024", 70, ""),
    ("🌸 sakura diary 🌸", 38, "sakura diary"),
    ("nightowl.fm", 105, ""),
    ("señor tacos #1", 35, "senor tacos #1"),
    ("juno_and_the_dog", 12, ""),
    ("../../etc/passwd", 42, ""),
    ("coach.kim", 96, ""),
    ("日本の猫", 55, "nihon no neko"),
    ("trail_runner_ana", 34, ""),
    ("O'Brien & Sons", 22, ""),
    ("zoe.paints", 120, ""),
    ("данила_live", 28, "danila_live"),
    ("100%_real", 8, ""),
    ("plantdad", 84, ""),
    ("<b>bold</b>", 15, ""),
    ("vintage.vinyl", 70, ""),
    ("ÜNÏCØDÉ.vibes", 36, "unicode.vibes"),
    ("lil_mechanic", 50, ""),
    ("a", 5, ""),
    ("moonbase alpha ✨", 66, "moonbase alpha"),
    ("kitesurf_noor", 25, ""),
    ('say "cheese"', 10, ""),
    ("baker.street.buns", 106, ""),
    ("C:\\temp\\clips", 18, ""),
    ("physics_with_eva", 77, ""),
    ("=SUM(A1:A9)", 6, ""),
    ("astro.omar", 88, ""),
    ("wanda; DROP TABLE videos_links;--", 31, ""),
    ("tiny_houses_inc", 105, ""),
    (".hidden", 4, ""),
    ("grandma.codes", 60, ""),
    ("🏳️‍🌈", 20, "rainbow flag"),
    ("bicycle_thief_77", 46, ""),
    ("slow_motion_lab", 40, ""),
    ("lost.and.never.found", 3, ""),  # all of its covers fail
    ("city/of/angles", 35, ""),
    ("two__underscores", 2, ""),
    ("only.once", 1, ""),
    ("ghost_account", 0, ""),  # all of its rows are refused
)
_ALL_FAIL = "lost.and.never.found"

# At least one full window each.
_DROPPED: tuple[_Line, ...] = (
    ("reef_diver_maya", 71, ""),
    ("chess; with sam", 35, ""),
    ("žaneta peče", 44, "zaneta pece"),
    ("late.night.radio", 36, ""),
    ('the "quoted" club', 52, ""),
)

# The numbers are around 12 and 24: the controlled batch has windows of twelve.
_CONTROLLED: tuple[_Line, ...] = (
    ("spring.lookbook", 30, ""),
    ("nina_unboxes", 24, ""),
    ("店長のおすすめ", 13, "tencho no osusume"),
    ("limited_edition", 12, ""),
    ("press,kit", 7, ""),
)


def _creators(lines: tuple[_Line, ...], first_index: int) -> tuple[SampleCreator, ...]:
    return tuple(
        SampleCreator(
            index=index,
            name=name,
            caption=caption or name,
            covers=covers,
            all_fail=name == _ALL_FAIL,
        )
        for index, (name, covers, caption) in enumerate(lines, start=first_index)
    )


CREATORS = _creators(_PUSHED, 0)
"""The forty creators of the MySQL table."""
DROPPED_CREATORS = _creators(_DROPPED, len(_PUSHED))
"""The creators of the CSV file in the input bucket."""
CONTROLLED_CREATORS = _creators(_CONTROLLED, len(_PUSHED) + len(_DROPPED))
"""The creators of the controlled batch."""

BAD_NAMES = ("", "nul\0byte", "Ω" * 100, "x" * 129)
"""Invalid names: empty, with a control character, over 128 bytes of UTF-8."""
