"""The app: pages over tables that `dmil_core` wrote; `streamlit run dashboard/app.py` starts it."""
