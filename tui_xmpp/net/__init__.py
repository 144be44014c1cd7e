"""SOCKETS: finding servers, TLS, transports."""
