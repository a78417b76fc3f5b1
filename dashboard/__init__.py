"""The app: pages over tables that `dmil_core` wrote. Start it with `streamlit run dashboard/app.py`."""
