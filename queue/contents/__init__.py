"""What the bytes of a letter are: as submitted, or a template made into one recipient's own."""
