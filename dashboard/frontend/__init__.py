"""Parts that Streamlit has no widget for: fixed scripts of our own, and their Python side."""
