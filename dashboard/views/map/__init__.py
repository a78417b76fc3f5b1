"""The latent map."""
