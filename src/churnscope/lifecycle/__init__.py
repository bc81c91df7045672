"""The life of a customer: stages, how long each lasts, who moves where, what is lost and what it takes to replace it."""
