"""What the business is: one folder a domain, levels and neighbours in `backend/README.md`."""
