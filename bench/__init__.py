"""Measures Curbside beside its peers: `python -m bench`. Nothing of the service imports this."""
