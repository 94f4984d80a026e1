"""Measurements: figures as JSON lines, never assertions."""
