"""What Streamlit runs for a visitor, again with each click."""

# A process that another one spawns reads the script of the first again, under another name: it must
# not run the app (see `dashboard.jobs.live_worker`).
if __name__ == "__main__":
    from dashboard import navigation

    navigation.run()
