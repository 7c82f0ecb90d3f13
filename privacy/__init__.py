"""The gate: what may not be written because it could name a patient."""
