"""Links by which people without AWS upload photos: a function behind the distribution."""
