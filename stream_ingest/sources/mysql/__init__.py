"""MySQL and MariaDB as a source of rows."""
