"""Cover columns as spreadsheets, Python programs and databases write them."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.records.cover_column import NotJsonError, candidate_urls
from stream_ingest.records.cover_text import MAX_LITERAL_LENGTH, recover
from tests.fakes.ingest.rows import cover_url

A, B = cover_url(1), cover_url(2)
PAGE = "https://www.tiktok.com/@ann/video/7"


@pytest.mark.parametrize(
    "column",
    [
        f"{{'url_list': ['{A}'], 'ok': True, 'note': None}}",
        f"{{'url_list': array(['{A}'], dtype=object), 'n': nan}}",
        f"[np.str_('{A}')]",
        f"('{A}',)",
        f'{{"cover": "{A}", "ratio": NaN, "size": Infinity}}',
        f'{{"title": "two\nlines", "cover": "{A}"}}',
        f'{{"url_list": ["{A}",],}}',
        f'\ufeff{{"cover": "{A}"}}',
        f"\u200b {A}",
        A.replace("&", "&amp;"),
        json.dumps({"url_list": [A.replace("&", "&amp;")]}),
        json.dumps({"cover": A.replace("&", "&amp;"), "title": "x"}),
        A.removeprefix("https:"),
        A.removeprefix("https://"),
        f'=HYPERLINK("{A}";"the cover")',
        f'=IMAGE("{A}")',
        f"<img alt='x' src=\"{A}\" width=5>",
        f"![cover]({A})",
        f"\u201c{A}\u201d",
        f"'{A}'",
        f"<{A}>",
        f"({A})",
        f"[{A}]",
        f"{{{A}}}",
        json.dumps({"title": "x" * 100_000, "cover": A}),
        json.dumps([PAGE, A]),
        f"{PAGE} {A}",
        f"{{'desc': 'say \"hi\"', 'cover': {{'url_list': ['{A}']}}}}",
        f"{{'url_list': [\"{A}\"], 'title': \"it's\"}}",
        repr(json.dumps({"url_list": [A]})),
        repr(json.dumps({"url_list": [A]}).encode()),
        f"{{u'url_list': [u'{A}']}}",
        f"{{'{A}'}}",
        json.dumps({"cover": A}).replace('"', '""'),
        json.dumps({"cover": A}).replace('"', '\\"'),
        f"{{url_list: ['{A}'], ok: true}}",
        f'{{"cover"=>"{A}", "n"=>nil}}',
        f'{{NULL,"{A}"}}',
        f'{{"{{\\"cover\\": \\"{A}\\"}}"}}',
        json.dumps({"cover": A.removeprefix("https:")}),
        json.dumps({"url_list": [A.removeprefix("https://")]}),
        A.replace("&", "&#38;"),
        quote(A, safe=""),
        f"\xa0{A}\xa0",
        f'{A}"',
        f"{A},",
        f"{A};",
        f'""{A}""',
        f'"""{A}"""',
        f"\u2039{A}\u203a",
        f"\u300c{A}\u300d",
        f"\u3010{A}\u3011",
        f"\u201e{A}\u201c",
        f"\u00ab{A}\u00bb",
        f"<{A}|cover>",
        f"cover.jpg ({A})",
        f"url('{A}')",
        f"[![cover]({A})]({PAGE})",
        f'![cover]({A} "title")',
        f"![cover](<{A}>)",
        f'<a href="{PAGE}"><img src="{A}"></a>',
        f'=BILD("{A}";4;50;50)',
        f'=LIEN_HYPERTEXTE("{A}";"x")',
        f'=\u0413\u0418\u041f\u0415\u0420\u0421\u0421\u042b\u041b\u041a\u0410("{A}";"x")',
        f'\'=IMAGE("{A}")',
        f'="{A}"',
        f"cover: {A}",
    ],
)
def test_the_cover_is_found_in_every_form(column: str) -> None:
    assert candidate_urls(column) == [A]


@pytest.mark.parametrize("between", [",", " , ", "|", ";", " ", "\n", "\r\n", ", "])
def test_several_urls_in_a_cell_are_candidates_in_their_order(between: str) -> None:
    assert candidate_urls(f"{A}{between}{B}") == [A, B]
    assert candidate_urls(f'"{A}"{between}"{B}"') == [A, B]


@pytest.mark.parametrize(
    "column", [f"{{{A},{B}}}", f'{{"{A}","{B}"}}', f"['{A}' '{B}']", f"['{A}'\n '{B}']"]
)
def test_arrays_of_postgres_and_numpy_have_their_order(column: str) -> None:
    assert candidate_urls(column) == [A, B]


@pytest.mark.parametrize(
    "column",
    [
        "nan",
        "NaN",
        "None",
        r"\N",
        "NULL",
        "-",
        "\u2014",
        "N/A",
        "#N/A",
        "#REF!",
        "#NV",
        "<NA>",
        "NaT",
        "(null)",
        "''",
        '"null"',
        "'None'",
        "[nan]",
        "[None]",
        "{}",
        "false",
        "?",
        "...",
        " ",
        "n.a.",
    ],
)
def test_what_programs_write_for_no_value_has_no_url(column: str) -> None:
    assert candidate_urls(column) == []


@pytest.mark.parametrize(
    "page",
    [
        "https://www.instagram.com/p/abc/",
        "https://youtu.be/abc",
        "https://www.youtube.com/watch?v=abc",
        "https://vt.tiktok.com/ZS1/",
        "https://x.com/ann/status/1",
        "https://www.douyin.com/video/7",
    ],
)
def test_a_page_of_any_site_is_no_cover_beside_one(page: str) -> None:
    assert candidate_urls(json.dumps([page, A])) == [A]
    assert candidate_urls(f"{page}, {A}") == [A]
    image = f"{page.partition('?')[0]}/picture.jpg?x=1"
    assert candidate_urls(json.dumps([image, A])) == [image, A]


def test_urls_without_a_scheme_may_be_several() -> None:
    bare = [url.removeprefix("https://") for url in (A, B)]
    assert candidate_urls(" | ".join(bare)) == [A, B]


def test_a_title_that_looks_like_a_host_is_no_cover() -> None:
    assert candidate_urls(json.dumps({"title": "see a.com/b", "desc": "a.com/b", "cover": A})) == [
        A
    ]


def test_a_static_thumbnail_of_yt_dlp_comes_first() -> None:
    thumbnails = [{"id": "dynamicCover", "url": B, "preference": -2}, {"id": "cover", "url": A}]
    assert candidate_urls(json.dumps(thumbnails)) == [A, B]


def test_a_page_is_a_candidate_only_if_there_is_nothing_else() -> None:
    assert candidate_urls(json.dumps([PAGE])) == [PAGE]


@pytest.mark.parametrize("cut", range(5, 60, 5))
def test_json_that_is_cut_off_is_an_error_and_not_half_a_url(cut: int) -> None:
    wholes = [{"url_list": [A]}, [A, B], A, json.dumps({"cover": A}), json.dumps([A])]
    for whole in (*map(json.dumps, wholes), repr({"url_list": [A]}), repr([A, B])):
        with pytest.raises(NotJsonError):
            candidate_urls(whole[:cut])


def test_a_huge_python_literal_is_not_parsed() -> None:
    assert recover("['x'" + ", 'y'" * MAX_LITERAL_LENGTH + "]") is None


@pytest.mark.parametrize(
    "column", ["{'a': 1j}", "{'a': 99999999999999999999999}", "['\udceb', 'x']", "{'a': Ellipsis}"]
)
def test_a_literal_that_json_cannot_hold_is_an_error(column: str) -> None:
    with pytest.raises(NotJsonError):
        candidate_urls(column)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filling", [" ", ")", ",", "a.", "'", "[", "(", "x "])
def test_a_huge_cell_is_read_once_and_not_once_for_each_character(filling: str) -> None:
    for column in (f"x{filling * 200_000}y", f"{A}<{filling * 200_000}", A + filling * 200_000):
        try:
            candidate_urls(column)
        except NotJsonError:
            continue


@given(st.text(alphabet="{}[]()'\"\\,:;|<> \nahtps/.NaN&#=\u201c\u200b", max_size=60))
def test_no_text_raises_anything_but_that_it_has_no_cover(text: str) -> None:
    for column in (text, f"{text}{A}", f"{{{text}"):
        try:
            urls = candidate_urls(column)
        except NotJsonError:
            continue
        assert all(isinstance(url, str) for url in urls)
