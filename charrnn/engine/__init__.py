"""Networks in torch: their parameters, kernels, devices, threads and processes. It trains nothing."""
