"""Options and help of commands of `ops-dashboard`."""
