"""WIRE: the XMPP protocol as bytes in, typed events out. No sockets, no loop, no list of extensions."""
