"""From files nobody has described to a config that runs: what is in them, what it means, and why it is thought so.

Only samples are read: the beginning, the middle and the end of each file. No guess is silent, and none shows a value of the
data.
"""
