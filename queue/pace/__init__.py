"""What may leave how fast, and what is stopped: windows, limits in force, suspensions, reactions to replies."""
