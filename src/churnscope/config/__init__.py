"""The config file: its model, its reading, its checks and its hash."""
