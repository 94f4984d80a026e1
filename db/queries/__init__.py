"""The read side: one file per list; rows, never mapped objects."""
