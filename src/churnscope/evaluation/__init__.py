"""How good the predictions are: metrics, their intervals, the comparison with simple rules, a plain grade."""
