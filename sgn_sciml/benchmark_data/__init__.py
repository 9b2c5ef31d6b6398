"""Benchmark data: make it from its law, inspect a file, download an official one."""
