"""What residents and the desk send, and what they are answered."""
