"""Items of the table that cannot be read: what is wrong with them, and their repair."""
