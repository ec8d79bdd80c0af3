"""Requests to render many photos: of a bucket (``backfill``) or of a recipe (``render``)."""
