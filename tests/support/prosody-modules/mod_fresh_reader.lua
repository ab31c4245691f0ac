-- Prosody 13.0.1 reads a session that was resumed over WebSocket through the frame buffer and the XML parser of its first connection
-- (the closure that mod_c2s makes for a connection outlives it). Where that connection broke inside a frame, what was left of it
-- corrupts the stream, and the session ends as not-well-formed. With this, the new connection is read by what was made for it.

module:hook_global("c2s-session-updated", function(event)
  event.session.data = event.from_session.data
end)
