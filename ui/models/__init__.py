"""Table models over tuples of frozen summaries."""
