"""What a message says, whom it reaches when, how a webhook is signed, and when sending is tried again."""
