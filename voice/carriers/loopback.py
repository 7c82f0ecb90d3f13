"""The loopback carrier."""
