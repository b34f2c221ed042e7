"""Tests of charrnn.tasks.inputs."""
