"""The local run: embedded AWS, private MariaDB, sample covers and the demo."""
