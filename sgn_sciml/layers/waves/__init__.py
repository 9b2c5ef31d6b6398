"""Waves and wavelets as activations."""
