"""One public method, one use case, one transaction."""
