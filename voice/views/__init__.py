"""The HTTP side of calls, one router a file; ``urls.py`` puts them together."""
