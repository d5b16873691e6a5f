"""What comes back, read: inbound messages become facts about recipients, which the owner writes down."""
