"""What can be said: facts, keys, money, periods and problems. Standard library and msgspec only, no I/O."""
