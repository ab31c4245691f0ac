//! One connection, from the open socket to the bound resource (RFC 7395, RFC 6120 sections 4 to 7).
//!
//! ```text
//!  ExpectSocket ──open──▶ ExpectOpen ◀──────────── <success/> ───────────┐
//!                             │ <open/>                                  │
//!                             ▼                                          │
//!              ┌───────▶ ExpectFeatures ──mechanisms──▶ ExpectLogin ─────┤
//!              │              │                              │ <success/> of SASL2
//!              │              │                              ├──<resumed/>──▶ Bound
//!              │              │                              ├──<bound/>──▶ ExpectLateFeatures ──▶ Bound
//!              │              │                              │ neither
//!              └──────────────┼──────────────────────────────┘
//!                             │ a session to resume          none, or <failed/>
//!                             ▼                                │
//!                       (ExpectResumed) ──<resumed/>──▶ Bound ◀── (ExpectSession) ◀── ExpectBind
//!
//!  (…) where the server makes it necessary
//! ```
//!
//! Supported: what `sasl`, `sasl2` and `login` say; resource binding; RFC 3921's session where a server insists on it; stream
//! management with resumption. Never: STARTTLS and compression, which a WebSocket has no use for.

mod conditions;
pub(crate) mod features;
pub(crate) mod framing;
pub(crate) mod keychain;
mod login;
pub(crate) mod management;
mod refusal;
pub(crate) mod sasl;
mod sasl2;

use std::collections::VecDeque;

use xmpp_parsers::bind::BindQuery;

use self::features::StreamFeatures;
use self::keychain::Keychain;
use self::login::{Login, Verdict};
use self::management::{Management, Said};
use self::sasl2::{Asked, Success};
use super::config::Config;
use super::entropy::Ids;
use super::error::{Code, Error};
use super::io::{GivenCredentials, Output};
use super::jids;
use super::stanza_error;
use super::time::Now;
use super::xml::{Element, Writer, ns};

/// What the stream may touch.
pub(crate) struct Io<'a> {
    pub(crate) now: Now,
    pub(crate) config: &'a Config,
    pub(crate) ids: &'a mut Ids,
    /// Outlives the stream, and so does the next.
    pub(crate) management: &'a mut Management,
    pub(crate) keychain: &'a mut Keychain,
    /// What the server offered in the session, on the stream before this one.
    pub(crate) offered: &'a StreamFeatures,
    /// Stanzas sent in the session so far.
    pub(crate) sent_count: u64,
    pub(crate) outputs: &'a mut VecDeque<Output>,
}

impl Io<'_> {
    fn send(&mut self, w: Writer) -> Result<(), Error> {
        self.outputs.push_back(Output::SendFrame(w.finish()?.into()));
        Ok(())
    }
}

/// How far an input brought the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Negotiating,
    /// The server bound this full JID: a new session.
    Bound(String),
    /// The session goes on.
    Resumed(Said),
    /// The session is gone, and this is the server's last word on it. A new one is being bound.
    NotResumed(Said),
    /// The token of the next login is worthless, and this was all that the stream was for.
    Invalidated,
}

#[derive(Debug)]
enum Step {
    ExpectSocket,
    ExpectOpen,
    ExpectFeatures,
    /// The app, the key derivation or the server has the word.
    ExpectLogin(Login),
    /// The resource was bound along with the login, and what the session is offered comes right behind it (XEP-0388, section 2.6.1).
    ExpectLateFeatures {
        jid: String,
        /// Stream management was asked for already.
        is_managed: bool,
    },
    ExpectResumed,
    ExpectBind {
        id: String,
    },
    ExpectSession {
        id: String,
        jid: String,
    },
    Bound,
}

/// Who has the word, and with it how much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsOn {
    Server,
    /// As the server, and nothing comes after it. A large roster takes its time.
    Roster,
    /// The key derivation, or the storage: as slow as the machine is.
    Machine,
    /// Its user may have to type a password.
    App,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Stream {
    step: Step,
    /// Passwords may cross it as they are.
    is_private: bool,
    /// It makes a token worthless, and does nothing else.
    is_to_log_out: bool,
    is_authenticated: bool,
    features: StreamFeatures,
    /// What was switched on along with the binding (XEP-0386, section 4.2).
    enabled: Vec<&'static str>,
}

impl Stream {
    pub(crate) fn new(is_private: bool) -> Self {
        Self {
            step: Step::ExpectSocket,
            is_private,
            is_to_log_out: false,
            is_authenticated: false,
            features: StreamFeatures::default(),
            enabled: Vec::new(),
        }
    }

    /// A stream that makes the token worthless (XEP-0484, section 3.6).
    pub(crate) fn to_log_out(is_private: bool) -> Self {
        Self { is_to_log_out: true, ..Self::new(is_private) }
    }

    pub(crate) fn is_bound(&self) -> bool {
        matches!(self.step, Step::Bound)
    }

    /// Whether the server may be sent a `<close/>`.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.step, Step::ExpectSocket)
    }

    pub(crate) fn features(&self) -> &StreamFeatures {
        &self.features
    }

    /// What was switched on along with the binding.
    pub(crate) fn enabled(&self) -> &[&'static str] {
        &self.enabled
    }

    /// Features that come once the stream is bound: after a resumption along with the login, some servers send them all the same.
    pub(crate) fn learn(&mut self, features: Element<'_>) {
        self.features = StreamFeatures::read(features);
    }

    /// A stanza in the place of the features that come behind the login: then there are none, and the stream is bound without.
    pub(crate) fn stop_waiting_for_features(&mut self, io: &mut Io<'_>) -> Option<Progress> {
        match &mut self.step {
            Step::ExpectLateFeatures { jid, is_managed } => {
                let (jid, is_managed) = (std::mem::take(jid), *is_managed);
                Some(self.finish(jid, is_managed, io))
            }
            _ => None,
        }
    }

    /// What is being waited for, in words.
    pub(crate) fn waits_for(&self) -> &'static str {
        match &self.step {
            Step::ExpectSocket => "the WebSocket to open",
            Step::ExpectOpen => "the server's <open/>",
            Step::ExpectFeatures => "the stream features",
            Step::ExpectLogin(login) => login.waits_for(),
            Step::ExpectLateFeatures { .. } => "the features of the session",
            Step::ExpectResumed => "the session to be resumed",
            Step::ExpectBind { .. } => "resource binding",
            Step::ExpectSession { .. } => "the session",
            Step::Bound => "the roster",
        }
    }

    pub(crate) fn waits_on(&self) -> WaitsOn {
        match &self.step {
            Step::ExpectLogin(login) => login.waits_on(),
            Step::Bound => WaitsOn::Roster,
            _ => WaitsOn::Server,
        }
    }

    pub(crate) fn handle_opened(&mut self, has_subprotocol: bool, io: &mut Io<'_>) -> Result<(), Error> {
        if !matches!(self.step, Step::ExpectSocket) {
            return Ok(());
        }
        // RFC 7395, section 3.1: without the subprotocol the server does not speak XMPP here.
        if !has_subprotocol {
            return Err(Error::new(Code::ConnectionFailed, "the WebSocket opened without the subprotocol xmpp").remedy(
                "Check that the url is the server's XMPP endpoint and that a proxy in between passes Sec-WebSocket-Protocol on.",
            ));
        }
        self.open(io)
    }

    /// Handles an element while the stream is not bound. Stream errors and `<close/>` are the session's.
    pub(crate) fn handle_element(&mut self, element: Element<'_>, io: &mut Io<'_>) -> Result<Progress, Error> {
        match (element.name(), element.namespace(), &mut self.step) {
            ("open", ns::FRAMING, Step::ExpectOpen) => {
                framing::read_open(element)?;
                self.step = Step::ExpectFeatures;
                Ok(Progress::Negotiating)
            }
            ("features", ns::STREAM, Step::ExpectFeatures) => {
                self.features = StreamFeatures::read(element);
                self.proceed(io)
            }
            ("features", ns::STREAM, Step::ExpectLateFeatures { jid, is_managed }) => {
                let (jid, is_managed) = (std::mem::take(jid), *is_managed);
                self.features = StreamFeatures::read(element);
                Ok(self.finish(jid, is_managed, io))
            }
            (_, ns::SASL | ns::SASL2, Step::ExpectLogin(login)) => {
                match login.handle_element(element, &self.features, io)? {
                    Verdict::Pending => {}
                    Verdict::Success => {
                        // RFC 6120, section 6.4.6: a new stream, on the same connection.
                        self.is_authenticated = true;
                        self.open(io)?;
                    }
                    Verdict::InlineSuccess(_) if self.is_to_log_out => return Ok(Progress::Invalidated),
                    Verdict::InlineSuccess(asked) => return self.succeed(element, asked, io),
                }
                Ok(Progress::Negotiating)
            }
            ("resumed", ns::SM, Step::ExpectResumed) => {
                let said = io.management.handle_resumed(element, io.sent_count)?;
                self.step = Step::Bound;
                Ok(Progress::Resumed(said))
            }
            ("failed", ns::SM, Step::ExpectResumed) => {
                let said = io.management.handle_refused(element, io.sent_count);
                self.bind(io)?;
                Ok(Progress::NotResumed(said))
            }
            ("iq", ns::CLIENT, Step::ExpectBind { id }) if element.attr("id") == Some(id) => self.bound(element, io),
            ("iq", ns::CLIENT, Step::ExpectSession { id, jid }) if element.attr("id") == Some(id) => {
                if element.attr("type") == Some("error") {
                    return Err(
                        Error::new(Code::AuthFailed, "the server refused the session").because(stanza_error::read(element))
                    );
                }
                let jid = std::mem::take(jid);
                Ok(self.finish(jid, false, io))
            }
            (name, xmlns, _) => Err(Error::new(
                Code::ProtocolError,
                format!("the server sent <{name} xmlns='{xmlns}'/> while the client waited for {}", self.waits_for()),
            )),
        }
    }

    pub(crate) fn handle_key(&mut self, id: u32, key: Result<Vec<u8>, String>, io: &mut Io<'_>) -> Result<(), Error> {
        match &mut self.step {
            Step::ExpectLogin(login) => login.handle_key(id, key, io),
            // The answer to a login that is over.
            _ => Ok(()),
        }
    }

    pub(crate) fn handle_credentials(
        &mut self,
        id: u32,
        given: Result<GivenCredentials, String>,
        io: &mut Io<'_>,
    ) -> Result<(), Error> {
        match &mut self.step {
            Step::ExpectLogin(login) => login.handle_credentials(id, given, &self.features, io),
            _ => Ok(()),
        }
    }

    fn open(&mut self, io: &mut Io<'_>) -> Result<(), Error> {
        self.step = Step::ExpectOpen;
        let account = &io.config.account;
        let from = (self.is_private && account.local.is_some()).then(|| account.bare());
        io.send(framing::open(from.as_deref(), &account.domain, io.config.language.as_deref()))
    }

    /// SASL2's success, once the server has proved itself (XEP-0388, section 2.6.1).
    fn succeed(&mut self, element: Element<'_>, asked: Asked, io: &mut Io<'_>) -> Result<Progress, Error> {
        self.is_authenticated = true;
        let success = Success::read(element, asked)?;
        if success.token.is_some() {
            io.keychain.replace_token(success.token);
        }
        if let Some(resumed) = success.resumed {
            let said = io.management.handle_resumed(resumed, io.sent_count)?;
            // XEP-0198, section 9.2: no features follow. Those from before the login are none of the session's: the limits among them, for
            // example, are those of a stranger.
            self.features = io.offered.clone();
            self.step = Step::Bound;
            return Ok(Progress::Resumed(said));
        }
        let said = success.not_resumed.map(|failed| io.management.handle_refused(failed, io.sent_count));
        match success.bound {
            Some((jid, management)) => {
                io.management.begin(management);
                let offered = self.features.authentication.as_ref().and_then(|authentication| authentication.bind.as_ref());
                self.enabled = offered.map(|bind| bind.switches.clone()).unwrap_or_default();
                self.step = Step::ExpectLateFeatures { jid, is_managed: asked.management };
            }
            None => self.step = Step::ExpectFeatures,
        }
        Ok(said.map_or(Progress::Negotiating, Progress::NotResumed))
    }

    fn proceed(&mut self, io: &mut Io<'_>) -> Result<Progress, Error> {
        if self.is_to_log_out {
            self.step = Step::ExpectLogin(Login::invalidate(&self.features, self.is_private, io)?);
            return Ok(Progress::Negotiating);
        }
        if !self.is_authenticated {
            self.step = Step::ExpectLogin(Login::begin(&self.features, self.is_private, io)?);
            return Ok(Progress::Negotiating);
        }
        if io.management.can_resume() && self.features.has_management {
            io.management.resume(io.outputs);
            self.step = Step::ExpectResumed;
            return Ok(Progress::Negotiating);
        }
        self.bind(io)?;
        Ok(Progress::Negotiating)
    }

    fn bind(&mut self, io: &mut Io<'_>) -> Result<(), Error> {
        if !self.features.has_bind {
            return Err(Error::new(Code::ProtocolError, "the server offers no resource binding after the login"));
        }
        let id = io.ids.new_id();
        let mut w = Writer::new();
        w.open("iq", ns::CLIENT).attr("type", "set").attr("id", &id).typed(&BindQuery::new(io.config.account.resource.clone()));
        io.send(w)?;
        self.step = Step::ExpectBind { id };
        Ok(())
    }

    fn bound(&mut self, iq: Element<'_>, io: &mut Io<'_>) -> Result<Progress, Error> {
        if iq.attr("type") == Some("error") {
            return Err(Error::new(Code::AuthFailed, "the server refused to bind a resource")
                .remedy("Leave the resource out, so that the server chooses one.")
                .because(stanza_error::read(iq)));
        }
        // RFC 6120, section 7.6.1: the answer MUST hold the full JID.
        let jid = iq.child("bind", ns::BIND).and_then(|bind| bind.child("jid", ns::BIND)).map(Element::text).unwrap_or_default();
        let jid = jids::normal_full(jid.trim()).map_err(|why| {
            Error::new(Code::ProtocolError, format!("the server's answer to resource binding cannot be read: {why}"))
        })?;
        if !self.features.needs_session {
            return Ok(self.finish(jid, false, io));
        }
        let id = io.ids.new_id();
        let mut w = Writer::new();
        w.open("iq", ns::CLIENT).attr("type", "set").attr("id", &id).empty("session", ns::SESSION);
        io.send(w)?;
        self.step = Step::ExpectSession { id, jid };
        Ok(Progress::Negotiating)
    }

    /// XEP-0198, section 3: stream management is not asked for a second time.
    fn finish(&mut self, jid: String, is_managed: bool, io: &mut Io<'_>) -> Progress {
        self.step = Step::Bound;
        if self.features.has_management && !is_managed {
            io.management.enable(io.outputs);
        }
        Progress::Bound(jid)
    }
}
