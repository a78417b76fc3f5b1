"""Where units of work run: in processes of this machine, or on a cluster of Ray."""
