"""The engine that runs a grid of experiments: cells, studies, executors, folders."""
