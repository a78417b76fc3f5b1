"""What speaks for and against a decomposition: five checks of a data set, and known settings."""
