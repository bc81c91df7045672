"""Winning inactive customers back: the steps of a day, what customers answer, and whether it works."""
