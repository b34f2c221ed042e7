"""The network in torch: layers, fused kernels, devices, threads. It neither trains nor scores."""
