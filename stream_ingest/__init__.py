"""Rows in, windows out: sources, the Kinesis producer and the windowing Lambda."""
