"""Plans of jobs: time, memory, concurrency and cost."""
