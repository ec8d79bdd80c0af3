"""From an upload until a photo's item is active, on the embedded AWS: seconds.

The function's process is warm, as it is while people upload; what the first upload takes is a note.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.bench.measure import hand_over, say
from tests.bench.results import OURS, Limit, Measure
from tests.fakes.photos.photographs import photograph

_UPLOADS = 5
_POLL_S = 0.02
_PATIENCE_S = 120


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as name, LocalAws.start() as aws:
        outputs = aws.deploy(settings={"photos": True}).photos
        assert outputs is not None
        hand_over(
            [
                measure(aws, outputs, "g/", _jpeg(Path(name), (6000, 4000), 90), 5),
                measure(aws, outputs, "original-uploads/", _jpeg(Path(name), (5600, 4000), 98), 3),
            ]
        )


def measure(
    aws: LocalAws, outputs: PhotosOutputs, folder: str, file: Path, most_s: float
) -> Measure:
    """Return the median of some uploads of a file; the first one starts the function's process."""
    megabytes = file.stat().st_size / 1e6
    say(f"uploads of {megabytes:.1f} MB to {folder}")
    first, *others = (_seconds(aws, outputs, f"{folder}{n}.jpg", file) for n in range(_UPLOADS + 1))
    return Measure(
        name=f"uploads.{folder.strip('/')}",
        unit="s",
        ours=statistics.median(others),
        more_is_better=False,
        limits={OURS: Limit(most=most_s)},
        note=f"JPEG of {megabytes:.1f} MB; {first:.1f} s with a new process",
    )


def _seconds(aws: LocalAws, outputs: PhotosOutputs, key: str, file: Path) -> float:
    body, began = file.read_bytes(), time.monotonic()
    aws.clients.s3.put_object(Bucket=outputs.uploads_bucket, Key=key, Body=body)
    while True:
        found = aws.clients.dynamodb.get_item(
            TableName=outputs.table,
            Key={"gallery": {"S": key.partition("/")[0]}, "photo": {"S": key}},
            ConsistentRead=True,
        )
        status = found.get("Item", {}).get("status", {}).get("S")
        assert status != "failed", found
        assert time.monotonic() < began + _PATIENCE_S, f"{key} was not rendered"
        if status == "active":
            return time.monotonic() - began
        time.sleep(_POLL_S)


def _jpeg(folder: Path, size: tuple[int, int], quality: int) -> Path:
    path = folder / f"{quality}.jpg"
    photograph(*size).save(path, "JPEG", quality=quality)
    return path


if __name__ == "__main__":
    main()
