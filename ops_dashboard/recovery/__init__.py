"""Dead letters and their redrive, replays and retries."""
