"""Training, calibrating, explaining and saving a churn model: arrays in, probabilities and reasons out."""
