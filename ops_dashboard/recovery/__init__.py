"""Dead letters, redrive, replay and retry."""
