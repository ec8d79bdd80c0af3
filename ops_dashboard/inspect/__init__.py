"""Batches, creators and windows, read from the table."""
