"""Options and help of the commands of `stream-ingest`."""
