"""The local run: embedded AWS, temporary MariaDB, sample covers, and the demo."""
