"""The wire: streams, events, seats, the socket. Knows no app."""
