"""The chat of Channels' tutorial, with a row for each message."""
