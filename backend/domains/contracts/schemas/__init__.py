"""What the endpoints of contracts take and show."""
