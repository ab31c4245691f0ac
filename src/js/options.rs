//! The options of a client, as the package hands them over.

use serde::Deserialize;

use crate::proto::{Account, Audience, Config, Error, PresenceOptions, Reconnect, Timeouts};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    jid: String,
    resource: Option<String>,
    password: Option<String>,
    asks_credentials: bool,
    url: Option<String>,
    allow_insecure: bool,
    language: Option<String>,
    /// `None`: no first presence is sent.
    presence: Option<PresenceOptions>,
    /// `None`: a lost connection stays lost.
    reconnect: Option<ReconnectOptions>,
    timeouts: TimeoutOptions,
    receipts: Option<Audience>,
    markers: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReconnectOptions {
    min_delay_ms: Option<u32>,
    max_delay_ms: Option<u32>,
    max_attempts: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TimeoutOptions {
    connect_ms: Option<u32>,
    request_ms: Option<u32>,
    ping_ms: Option<u32>,
    pong_ms: Option<u32>,
}

impl TryFrom<Options> for Config {
    type Error = Error;

    fn try_from(options: Options) -> Result<Self, Error> {
        let mut config = Self::new(Account::parse(&options.jid, options.resource.as_deref())?);
        config.password = options.password;
        config.asks_credentials = options.asks_credentials;
        config.url = options.url;
        config.allow_insecure = options.allow_insecure;
        config.language = options.language;
        config.presence = options.presence;
        config.reconnect = options.reconnect.map(Into::into);
        config.timeouts = options.timeouts.into();
        config.receipts = options.receipts.unwrap_or_default();
        config.markers = options.markers.unwrap_or_default();
        Ok(config)
    }
}

impl From<ReconnectOptions> for Reconnect {
    fn from(options: ReconnectOptions) -> Self {
        let default = Self::default();
        Self {
            min_delay_ms: options.min_delay_ms.unwrap_or(default.min_delay_ms),
            max_delay_ms: options.max_delay_ms.unwrap_or(default.max_delay_ms),
            max_attempts: options.max_attempts,
        }
    }
}

impl From<TimeoutOptions> for Timeouts {
    fn from(options: TimeoutOptions) -> Self {
        let default = Self::default();
        Self {
            connect_ms: options.connect_ms.unwrap_or(default.connect_ms),
            request_ms: options.request_ms.unwrap_or(default.request_ms),
            ping_ms: options.ping_ms.unwrap_or(default.ping_ms),
            pong_ms: options.pong_ms.unwrap_or(default.pong_ms),
        }
    }
}
