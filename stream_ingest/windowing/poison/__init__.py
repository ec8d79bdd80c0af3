"""Records that the stream processor cannot process, so that they do not stop their shard."""
