//! The states of a client, as an app sees them.

use serde::Serialize;

/// ```text
///             connect()            online                  lost, retries left
///  Offline ─────────────▶ Connecting ─────▶ Online ─────────────▶ Waiting
///     ▲                      │  ▲                                   │
///     └── failed / disconnect┘  └─────────── retry is due ──────────┘
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No connection, and none is tried.
    #[default]
    Offline,
    /// A connection is being made: socket, login, binding, roster, first presence.
    Connecting,
    /// Bound, roster loaded, first presence sent.
    Online,
    /// The connection was lost; a retry is scheduled.
    Waiting,
}

impl State {
    /// The name that JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Waiting => "waiting",
        }
    }
}
