"""What the world sends back about our mail, read into facts: notices of every style, complaints, machines' answers."""
