"""Keys, signatures and sealing; knows bytes, not cases."""
