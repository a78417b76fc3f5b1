"""The words of the app, apart from the code that places them."""
