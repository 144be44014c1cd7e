"""SCREEN: everything that knows Textual."""
