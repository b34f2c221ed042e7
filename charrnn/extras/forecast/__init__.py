"""Series of numbers go on: forecasts as distributions, what they are worth, and their pictures."""
