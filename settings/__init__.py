"""Settings, all read from the environment."""
