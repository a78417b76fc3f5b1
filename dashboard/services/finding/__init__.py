"""What the models of a visitor's set found: the numbers, and the sentences made of them."""
