"""FEATURES: one file per specification, one declared Feature each."""
