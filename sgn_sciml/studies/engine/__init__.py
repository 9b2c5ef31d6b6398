"""What runs a grid of experiments: cells, studies, executors, folders."""
