"""Telling of what has changed since the last run: the alerts, once or as files come in."""
