"""HTTP that no domain needs to know about: the API object, callers, problems, bodies, pages."""
