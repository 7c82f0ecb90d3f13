"""Commands of the wire."""
