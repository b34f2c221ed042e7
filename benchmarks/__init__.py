"""What the project claims of its speed and quality, measured: `python -m benchmarks --help`."""
