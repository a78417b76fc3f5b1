"""Using a trained model: predictions, latent maps, counterfactual inputs and a layer summary."""
