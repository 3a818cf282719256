"""What Django makes of the classes of a source, without being told: relations, accessors."""
