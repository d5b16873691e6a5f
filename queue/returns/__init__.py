"""What comes back about recipients: late bounces, complaints, machines' answers, written down once and for all."""
