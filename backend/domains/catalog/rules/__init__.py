"""What the catalogue means, without a database: categories, editions, their file format, the codes of 2013."""
