"""The command line: it parses, calls the project and prints. No logic, and nothing imports it."""
