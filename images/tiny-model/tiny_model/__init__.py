"""Makes the embedded stack's model: it can answer with a tool call, and knows nothing of the game."""
