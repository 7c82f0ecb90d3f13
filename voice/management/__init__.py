"""Commands of masked calls."""
