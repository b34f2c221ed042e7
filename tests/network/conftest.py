"""Networks in torch compute with torch's own functions, as they do in training."""

import charrnn.engine.kernels  # noqa: F401  (registers them)
