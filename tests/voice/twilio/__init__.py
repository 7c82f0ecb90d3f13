"""Whole calls through the fake Twilio, with everything that can go wrong on the way."""
