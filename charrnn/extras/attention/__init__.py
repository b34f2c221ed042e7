"""`charrnn predict --attention` and `--html`: where each symbol of a prediction comes from."""
