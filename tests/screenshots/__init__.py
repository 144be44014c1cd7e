"""The pictures of the README: scenes of the demo's evening, played through the real client with real keys."""
