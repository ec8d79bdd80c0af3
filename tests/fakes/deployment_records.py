"""What one deployment remembers for the next, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops_dashboard.local.aws.engine.records import Record


@dataclass
class RecordsInMemory:
    """What one deployment leaves for the next one."""

    records: dict[tuple[str, str], Record] = field(default_factory=dict)

    def copy(self) -> RecordsInMemory:
        """Return records that change apart from these."""
        return RecordsInMemory(dict(self.records))

    def load(self) -> list[Record]:
        """Return the records of all resources."""
        return list(self.records.values())

    def save(self, record: Record) -> None:
        """Store a record."""
        self.records[record.type, record.name] = record
