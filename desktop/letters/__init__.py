"""Papers: a frozen content becomes PDF bytes, nothing else."""
