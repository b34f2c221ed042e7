"""`charrnn corpora show` and the summary after `prepare`: a corpus in figures."""
