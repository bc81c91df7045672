"""Files of customer events, read once and checked at the door."""
