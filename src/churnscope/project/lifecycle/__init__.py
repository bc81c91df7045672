"""Stages of the life cycle, and what is read from them: steps on the data of a config, and what they answer."""
