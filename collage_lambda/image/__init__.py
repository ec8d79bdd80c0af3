"""Images: bytes become cells, cells a collage."""
