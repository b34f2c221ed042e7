"""Networks in torch: parameters, kernels, devices, threads, processes. It trains nothing."""
