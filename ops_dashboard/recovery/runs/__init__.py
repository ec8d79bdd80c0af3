"""Replays, retries and uploads as items of the table, so that every console shows them."""
