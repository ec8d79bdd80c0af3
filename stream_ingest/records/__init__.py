"""Rows become Kinesis records: parsed, checked, packed."""
