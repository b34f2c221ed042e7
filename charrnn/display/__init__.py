"""Everything on the screen: Rich lives here, and nothing is computed."""
