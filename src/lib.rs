//! Waxwing: an XMPP client for the browser.
