"""The summary of the life cycle: stages, moves, erosion, plan and comparison, each a part."""
