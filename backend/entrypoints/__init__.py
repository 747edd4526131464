"""How the world comes in: the API, the pages, the command line and the worker."""
