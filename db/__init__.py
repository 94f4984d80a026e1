"""Storage and nothing else: SQLCipher, tables and queries."""
