"""The steps by which a home's database comes to the newest form; each release only adds revisions."""
