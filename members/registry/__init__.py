"""Registries of licences: files of authorities, imported in a stream, and asked for a number."""
