"""How trained models differ."""
