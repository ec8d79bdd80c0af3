"""The timeline of one window, from the table, the buckets and the logs."""
