-- The one configuration of Prosody for the tests and the demo. tests/support/prosody.mjs fills in what stands in double braces.
-- It listens on one loopback port, over plain WebSocket, and keeps everything it writes in one folder.

run_as_root = true -- as root Prosody refuses to start without it; for anybody else it means nothing
data_path = "{{folder}}/data"
pidfile = "{{folder}}/prosody.pid"
admin_socket = "{{folder}}/shell.sock"
plugin_paths = { "{{folder}}/modules" }
certificates = "{{folder}}/certs" -- empty: TLS is not used
log = { {{logLevel}} = "*console" }

-- HTTP is the only way in: no port for TCP clients, for servers, for HTTPS.
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
https_ports = {}
http_ports = { {{port}} }
http_interfaces = { "{{address}}" }
http_default_host = "localhost"

-- Without these two, SASL is not offered over plain ws://.
consider_websocket_secure = true
c2s_require_encryption = false

-- Room for a body of 1 MB. From Chromium it does not come through all the same: it cuts WebSocket messages of more than
-- 131,000 bytes into fragments, and Prosody closes on a fragment (naming RFC 7395, section 3.3.3).
c2s_stanza_size_limit = 4 * 1024 * 1024

storage = "internal"
authentication = "internal_hashed"
allow_registration = false
archive_expires_after = "never"

modules_enabled = {
  "admin_shell";
  "blocklist"; "carbons"; "csi"; "csi_simple"; "disco"; "mam"; "pep"; "ping"; "private"; "roster"; "saslauth";
  "smacks"; "time"; "uptime"; "vcard4"; "vcard_legacy"; "version"; "websocket";
{{modules}}
}
modules_disabled = {
  -- A message to another domain is refused at once, and nothing is ever sent to the network. "limits" stays out too.
  "s2s"; "s2s_auth_certs"; "tls";
{{disabledModules}}
}

{{config}}

VirtualHost "localhost" -- PLAIN, SCRAM-SHA-1

VirtualHost "sha256.localhost" -- PLAIN, SCRAM-SHA-256
  password_hash = "SHA-256"

VirtualHost "plain.localhost" -- passwords as they are, so every mechanism that Prosody knows
  authentication = "internal_plain"

VirtualHost "anon.localhost" -- ANONYMOUS
  authentication = "anonymous"

{{hosts}}
