"""Batches, creators and windows as the table has them."""
