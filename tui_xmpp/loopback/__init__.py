"""An honest little XMPP server in this process, for the demo, the screenshots and the tests."""
