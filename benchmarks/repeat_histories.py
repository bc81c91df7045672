"""Purchase histories for the value models. Needs NumPy alone, so that every environment draws the same."""

from __future__ import annotations

import numpy as np

DAYS = 730
SEED = 0


def histories(customers: int) -> dict[str, np.ndarray]:
    """Customers who buy at a rate of their own until they leave: Pareto/NBD by the day; money by Gamma-Gamma.

    Returns
    -------
    frequency, recency_days, age_days, mean_spend : float64, shape (customers,).
    """
    random = np.random.default_rng(SEED)
    age = random.integers(30, DAYS, customers).astype(np.float64)
    rate = random.gamma(0.9, 1 / 40, customers)  # a day
    life = random.exponential(1, customers) / random.gamma(0.8, 1 / 150, customers)
    watched = np.minimum(age, life)
    frequency = np.minimum(random.poisson(rate * watched), np.floor(watched)).astype(np.float64)
    # The latest of n times that are spread evenly over the watched days.
    latest = np.ceil(watched * random.random(customers) ** (1 / np.maximum(frequency, 1)))
    recency = np.where(frequency > 0, np.clip(latest, 1, age), 0.0)
    mean = 15.0 * 4.0 / random.gamma(4.0, 1.0, customers)
    spend = mean * random.gamma(6.0 * np.maximum(frequency, 1), 1.0) / (6.0 * np.maximum(frequency, 1))
    return {"frequency": frequency, "recency_days": recency, "age_days": age, "mean_spend": np.where(frequency > 0, spend, 0.0)}
