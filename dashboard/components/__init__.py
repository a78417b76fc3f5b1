"""Browser parts that Streamlit has no widget for: a Python file each, script and style beside it.

Their code is fixed text; nothing from data or links is ever put into it, only sent beside it.
"""
