"""Fixtures that every test may ask for."""

pytest_plugins = ["tests.make.documented", "tests.make.databases", "tests.make.application", "tests.make.people", "tests.make.district"]
