"""What both Lambda functions that decode images share."""
