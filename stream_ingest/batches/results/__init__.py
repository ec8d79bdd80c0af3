"""The results of a batch: summary, list of windows, statistics by day and month."""
