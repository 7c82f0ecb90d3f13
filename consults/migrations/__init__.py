"""Schema history of consults, each step named by its intent."""
