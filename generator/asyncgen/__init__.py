"""Generate the async surface of Django querysets, managers, models and functions."""
