"""The installable web client, and the little Django glue that serves its shell."""
