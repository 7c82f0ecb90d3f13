"""Live consults: ask a specialty, be offered, talk under a pseudonym, end with an outcome and a summary."""
