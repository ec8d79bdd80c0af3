"""Batches: registered once, counted, followed to their end, reported."""
