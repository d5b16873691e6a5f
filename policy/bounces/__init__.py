"""What a failure means: rules as data, asked for replies and for notices of other systems alike."""
