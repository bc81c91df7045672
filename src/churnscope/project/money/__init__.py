"""Money: what customers are worth, whom to call, and what came of it."""
