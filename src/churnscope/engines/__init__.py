"""Engines run the SQL of the sources and deliver sorted blocks of events."""
