"""Work in processes of its own: queued, watched, cancelled. Nothing here imports Streamlit."""
