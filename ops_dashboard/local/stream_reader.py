"""Counts what comes into a stream, for which ministack has no metrics. Edge (Kinesis)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops_dashboard.local.emf import Datum

if TYPE_CHECKING:
    from types_boto3_kinesis import KinesisClient


class StreamReader:
    """Reads every shard from its beginning, each record once."""

    def __init__(self, kinesis: KinesisClient, stream: str) -> None:
        """Read `stream`; shards that are split off later are not followed."""
        self._kinesis, self._stream = kinesis, stream
        self._iterators = [
            kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in kinesis.list_shards(StreamName=stream)["Shards"]
        ]

    def read(self) -> list[Datum]:
        """Return IncomingRecords and IncomingBytes of the records that are new."""
        data: list[Datum] = []
        self._iterators = [self._read_shard(iterator, data) for iterator in self._iterators]
        return data

    def _read_shard(self, iterator: str, data: list[Datum]) -> str:
        while True:
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=1_000)
            iterator = answer["NextShardIterator"]
            for record in answer["Records"]:
                at_s = record["ApproximateArrivalTimestamp"].timestamp()
                size = len(record["Data"]) + len(record["PartitionKey"])
                data += [
                    self._datum("IncomingRecords", at_s, 1, "Count"),
                    self._datum("IncomingBytes", at_s, size, "Bytes"),
                ]
            if not answer["Records"]:
                return iterator

    def _datum(self, metric: str, at_s: float, value: float, unit: str) -> Datum:
        return {
            "MetricName": metric,
            "Dimensions": [{"Name": "StreamName", "Value": self._stream}],
            "Timestamp": at_s,
            "Values": [value],
            "Unit": unit,
        }
