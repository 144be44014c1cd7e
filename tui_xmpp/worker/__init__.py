"""ENGINE: one session per account; stanzas become facts, commands become stanzas."""
