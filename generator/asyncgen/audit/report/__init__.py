"""How an audit prints: one module a format."""
