"""Batches: their list, their rows, their settings, and the sums over their windows."""
