"""The sweeper Lambda: closes idle windows, emits overdue events again, ends batches."""
