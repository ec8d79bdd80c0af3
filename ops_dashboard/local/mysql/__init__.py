"""A temporary MariaDB server with the source table."""
