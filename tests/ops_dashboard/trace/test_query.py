from __future__ import annotations

import re

import pytest

from ops_dashboard.trace.query import trace_query
from stream_ingest.contracts.errors import DecodeError


def pattern_of(query: str) -> str:
    match = re.search(r"@message like /(.*)/$", query, re.MULTILINE)
    assert match is not None
    return match[1]


@pytest.mark.parametrize("window_id", ["charli:000001", "a.b-c_d=2F=E2=80=AE:123456789"])
def test_the_query_of_a_window_finds_its_id_in_a_log_line(window_id: str) -> None:
    pattern = re.compile(pattern_of(trace_query(window_id)))
    assert pattern.search('{"message":"window closed","window_id":"' + window_id + '"}')
    assert pattern.search('{"window_ids":["x:000001","' + window_id + '"]}')


@pytest.mark.parametrize("other", ["charli:0000011", "xcharli.b:000001", "charliXb:000001"])
def test_the_query_of_a_window_finds_no_other_window(other: str) -> None:
    pattern = re.compile(pattern_of(trace_query("charli.b:000001")))
    assert not pattern.search('{"window_id":"' + other + '"}')


def test_a_windows_lines_are_sorted_oldest_first() -> None:
    assert "| sort @timestamp asc\n" in trace_query("charli:000001")


@pytest.mark.parametrize("text", ["", "charli", 'x"/ | stats count(*) #:000001', "a/b:000001"])
def test_only_a_window_id_gets_into_a_query(text: str) -> None:
    with pytest.raises(DecodeError, match=r"not a (window id|creator key)"):
        trace_query(text)
