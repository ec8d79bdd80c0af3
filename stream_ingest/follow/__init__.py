"""`stream-ingest follow`: pushes what is new in a MySQL table, again and again."""
