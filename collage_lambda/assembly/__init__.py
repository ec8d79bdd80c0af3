"""A window's images, cached or downloaded, assembled into a collage."""
