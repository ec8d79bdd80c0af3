"""Items that cannot be read: their list, and the records that wait for them."""
