from __future__ import annotations

from typing import Any

from collage_lambda.output.batch_sources import BatchSources


class Table:
    """A table of batches that counts its reads."""

    def __init__(self, **sources: str) -> None:
        self.sources, self.reads = sources, 0

    def get_item(self, *, Key: Any, **_request: object) -> dict[str, Any]:  # noqa: ANN401, N803 - AWS's names
        self.reads += 1
        batch_id = Key["creator_name"]["S"].removeprefix("batch#")
        source = self.sources.get(batch_id)
        return {} if source is None else {"Item": {"source": {"S": source}}}


def test_a_batch_is_read_once_for_all_its_windows() -> None:
    table: Any = Table(a="/a.csv", b="/b.csv")
    sources = BatchSources(table, "state")
    assert [sources.find(batch) for batch in "aabab"] == [
        "/a.csv", "/a.csv", "/b.csv", "/a.csv", "/b.csv",
    ]  # fmt: skip
    assert table.reads == 2


def test_a_batch_that_is_not_known_yet_is_looked_up_again() -> None:
    table: Any = Table()
    sources = BatchSources(table, "state")
    assert sources.find("a") is None
    table.sources["a"] = "/a.csv"
    assert sources.find("a") == "/a.csv"


def test_a_process_remembers_a_limited_number_of_batches() -> None:
    names = {f"b{number}": f"/{number}.csv" for number in range(1_100)}
    table: Any = Table(**names)
    sources = BatchSources(table, "state")
    for name in [*names, *names]:
        assert sources.find(name) == names[name]
    assert table.reads == 2 * len(names)
