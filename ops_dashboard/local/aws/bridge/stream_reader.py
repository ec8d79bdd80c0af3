"""Counts the records put into a stream, for which ministack has no metrics. Edge (Kinesis)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops_dashboard.local.aws.bridge.emf import Datum

if TYPE_CHECKING:
    from types_boto3_kinesis import KinesisClient


class StreamReader:
    """Reads every shard, each record once."""

    def __init__(self, kinesis: KinesisClient, stream: str, last: dict[str, str]) -> None:
        """Read `stream` after the records whose sequence numbers are in `last`, by shard.

        A shard without an entry is read from its beginning. Shards created later are not read.
        """
        self._kinesis, self._stream = kinesis, stream
        self.last = dict(last)
        """Sequence number of the last record read, by shard."""
        self._iterators = {
            shard["ShardId"]: self._iterator(shard["ShardId"])
            for shard in kinesis.list_shards(StreamName=stream)["Shards"]
        }

    def read(self) -> list[Datum]:
        """Return IncomingRecords and IncomingBytes of the new records."""
        data: list[Datum] = []
        for shard in self._iterators:
            self._read_shard(shard, data)
        return data

    def _iterator(self, shard: str) -> str:
        request: Any = {"StreamName": self._stream, "ShardId": shard}
        if shard in self.last:
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["StartingSequenceNumber"] = self.last[shard]
        else:
            request["ShardIteratorType"] = "TRIM_HORIZON"
        return self._kinesis.get_shard_iterator(**request)["ShardIterator"]

    def _read_shard(self, shard: str, data: list[Datum]) -> None:
        while True:
            answer = self._kinesis.get_records(ShardIterator=self._iterators[shard], Limit=1_000)
            self._iterators[shard] = answer["NextShardIterator"]
            for record in answer["Records"]:
                self.last[shard] = record["SequenceNumber"]
                at_s = record["ApproximateArrivalTimestamp"].timestamp()
                size = len(record["Data"]) + len(record["PartitionKey"])
                data += [
                    self._datum("IncomingRecords", at_s, 1, "Count"),
                    self._datum("IncomingBytes", at_s, size, "Bytes"),
                ]
            if not answer["Records"]:
                return

    def _datum(self, metric: str, at_s: float, value: float, unit: str) -> Datum:
        return {
            "MetricName": metric,
            "Dimensions": [{"Name": "StreamName", "Value": self._stream}],
            "Timestamp": at_s,
            "Values": [value],
            "Unit": unit,
        }
