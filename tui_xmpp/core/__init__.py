"""DOMAIN: what a chat client knows, and how facts change it. Standard library and JIDs only."""
