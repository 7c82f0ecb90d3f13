"""Masked calls: the patient sees the clinic's number, and neither side learns the other's."""
