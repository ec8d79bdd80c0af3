"""Types that several threads of the console decode, prepared before there are threads. Pure.

msgspec collects what it has to know of a struct at its first use, without a lock. If two threads
first use a struct with other structs in it at the same moment, one may read what the other has not
filled in yet, and the process dies of a segmentation fault.
"""

from __future__ import annotations

import msgspec

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.batches.progress import Batch
from stream_ingest.batches.results.summary import BatchSummary
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.records.rows import RowRefusal

_TYPES = (
    *(Batch, BatchSettings, BatchSummary),
    *(RowRefusal, WindowMetadata, WindowReady, WindowRecord),
)


def prepare_types() -> None:
    """Let msgspec collect what it has to know of each type; calling it again costs nothing."""
    for each in _TYPES:
        msgspec.json.Decoder(each)
