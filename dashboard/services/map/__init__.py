"""Latent maps and slices of them."""
