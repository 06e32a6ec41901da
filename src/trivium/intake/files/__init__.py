"""Files of rows that strangers send: opened by their content, cut into blocks, read in a child within limits."""
