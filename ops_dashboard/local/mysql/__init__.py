"""A private MariaDB server with the source table."""
