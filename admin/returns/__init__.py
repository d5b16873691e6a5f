"""What comes back is read in the jobs process: inbound mail becomes events that the owner records."""
