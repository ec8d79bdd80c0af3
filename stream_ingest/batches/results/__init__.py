"""What a batch came to, for people: summary, list of windows, statistics by day and month."""
