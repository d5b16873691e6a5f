"""What senders are told: failures, delays, relays."""
