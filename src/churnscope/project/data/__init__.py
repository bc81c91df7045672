"""What the config makes of the data: checked, described, audited, weighed against another definition."""
