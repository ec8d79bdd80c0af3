"""What a job will take: time, memory, concurrency and money."""
