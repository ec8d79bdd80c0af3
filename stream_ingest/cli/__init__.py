"""The command line `stream-ingest`, one module a command."""
