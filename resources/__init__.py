"""Data only; read by name through desktop.paths."""
