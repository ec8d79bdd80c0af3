"""Batches: their registration, progress, counts and results."""
