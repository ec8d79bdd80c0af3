"""The tables of README.md that are made: metrics, alarms, benchmarks' figures. Edge (files).

``python -m tools.docs_tables`` writes them between their marks; a test fails when what is
there is not what would be written.
"""

from __future__ import annotations

import msgspec

from ops_dashboard.checkout import ROOT
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.resources import Resources, Thresholds
from stream_ingest.contracts.metrics import CATALOGUE, Metric, Service
from tools.bench_figures import figures_table

README = ROOT / "README.md"
ANY = Resources(
    stack="-",
    region="-",
    stream="-",
    stream_shards=1,
    table="-",
    bus="-",
    window_rule="-",
    queue="-",
    dead_letters=dict.fromkeys(("collage", "window-rule", "sweeper", "intake", "holding"), "-"),
    functions=dict.fromkeys(Service, "-"),
    memory_mb=dict.fromkeys(Service, 1_024),
)
"""Names are in no table."""


def metrics_table() -> str:
    """Return the catalogue, a line a metric."""
    lines = [
        f"| `{metric.name}` | {metric.unit} | {_by(metric)} | {metric.meaning} |"
        for metric in CATALOGUE
    ]
    head = ["| metric | unit | emitted by | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *lines])


def _by(metric: Metric) -> str:
    return ", ".join(metric.services) + ("; by reason" if metric.by_reason else "")


def alarms_table() -> str:
    """Return all alarms with the thresholds that a stack has unless it sets others."""
    every = alarms(ANY, Thresholds()).values()
    lines = [f"| `{alarm.name}` | {alarm.meaning} |" for alarm in every]
    return "\n".join(["| alarm | what it means, and what to look at |", "|---|---|", *lines])


def tables() -> dict[str, str]:
    """Return all tables by the names of their marks."""
    results = msgspec.json.decode(README.with_name("bench-results.json").read_bytes())
    return {
        "metrics": metrics_table(),
        "alarms": alarms_table(),
        "figures": figures_table(results),
    }


def filled(text: str) -> str:
    """Return a document with all tables between their marks; `ValueError` where a mark lacks."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: made by tools.docs_tables -->", f"<!-- /{name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            msg = f"no marks {begin} and {end}"
            raise ValueError(msg)
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main() -> None:
    """Write the tables into README.md."""
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
