"""Images: decode bytes into cells, compose cells into a collage."""
