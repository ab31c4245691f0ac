//! The options of a client, as the package hands them over.

use crate::proto::json::{Fields, Json};
use crate::proto::{Account, Audience, Config, Error, PresenceOptions, Reconnect, Timeouts};

/// What the package makes an engine with.
pub(super) struct Options {
    pub(super) config: Result<Config, Error>,
    /// The names of the events that the package knows.
    pub(super) events: Vec<String>,
}

impl Options {
    /// `None` where something is missing, or is of another type.
    pub(super) fn from_json(options: &str) -> Option<Self> {
        Fields::parse(options)?.read(|fields| {
            let (jid, resource) = (fields.text("jid")?, fields.text("resource"));
            let config = Account::parse(&jid, resource.as_deref()).map(|account| config(account, fields));
            Some(Self { config, events: fields.list("events", Json::text)? })
        })
    }
}

fn config(account: Account, fields: &mut Fields<'_>) -> Config {
    Config {
        password: fields.text("password"),
        asks_credentials: fields.flag("asksCredentials"),
        url: fields.text("url"),
        allow_insecure: fields.flag("allowInsecure"),
        language: fields.text("language"),
        // Without one no first presence is sent.
        presence: fields.object("presence", PresenceOptions::read),
        // Without it a lost connection stays lost.
        reconnect: fields.object("reconnect", |fields| fields.read(reconnect)),
        timeouts: fields.object("timeouts", |fields| fields.read(timeouts)).unwrap_or_default(),
        receipts: fields.choice("receipts", &Audience::ALL, Audience::as_str).unwrap_or_default(),
        markers: fields.choice("markers", &Audience::ALL, Audience::as_str).unwrap_or_default(),
        ..Config::new(account)
    }
}

fn reconnect(fields: &mut Fields<'_>) -> Option<Reconnect> {
    let default = Reconnect::default();
    Some(Reconnect {
        min_delay_ms: fields.number("minDelayMs").unwrap_or(default.min_delay_ms),
        max_delay_ms: fields.number("maxDelayMs").unwrap_or(default.max_delay_ms),
        max_attempts: fields.number("maxAttempts"),
    })
}

fn timeouts(fields: &mut Fields<'_>) -> Option<Timeouts> {
    let default = Timeouts::default();
    Some(Timeouts {
        connect_ms: fields.number("connectMs").unwrap_or(default.connect_ms),
        request_ms: fields.number("requestMs").unwrap_or(default.request_ms),
        ping_ms: fields.number("pingMs").unwrap_or(default.ping_ms),
        pong_ms: fields.number("pongMs").unwrap_or(default.pong_ms),
    })
}
