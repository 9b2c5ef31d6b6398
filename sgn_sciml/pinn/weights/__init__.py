"""Weights that follow the training: of the terms of a loss, and of the points of the residual."""
