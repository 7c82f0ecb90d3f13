"""The systems that Curbside is compared with."""
