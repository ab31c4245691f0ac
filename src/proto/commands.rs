//! What an app can ask for, by part. Each is a thin way to a feature; the features say what they do.

#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "caps")]
mod caps;
#[cfg(feature = "history")]
mod history;
#[cfg(feature = "receipts")]
mod marks;

use super::error::Error;
use super::event::{Presence, RosterItem};
#[cfg(feature = "chat-states")]
use super::features::chat_states::ChatStateOptions;
use super::features::messaging::MessageOptions;
use super::features::presence::PresenceOptions;
use super::features::roster::{RosterAdd, RosterUpdate};
use super::io::Token;
use super::messages::{self, ChatText};
use super::session::Session;
use super::time::Now;

/// Commands with a token answer by [`Output::Settled`](super::Output::Settled), unless they return an error at once.
impl Session {
    /// Sends a message, or queues it while the session connects or waits. Returns its id.
    /// Settles with [`Reply::Message`](super::Reply::Message) when the server has it.
    pub fn send_message(&mut self, now: Now, token: Token, options: MessageOptions) -> Result<String, Error> {
        self.require_active()?;
        self.command(now, |features, cx| messages::send(features, cx, Some(token), &options))
    }

    /// Sends or queues texts; their tokens follow `first`. Each settles with [`Output::Arrived`](super::Output::Arrived), or as what
    /// [`send_message`](Self::send_message) sends; also what is refused.
    pub fn send_texts<'a>(&mut self, now: Now, first: Token, texts: impl Iterator<Item = ChatText<'a>>) {
        if self.require_active().is_ok() {
            return self.command(now, |features, cx| messages::send_texts(features, cx, first, texts));
        }
        self.command(now, |_, cx| {
            for (token, _) in (first.0..).zip(texts) {
                cx.settle(Token(token), Err(Error::not_connected()));
            }
        });
    }

    /// From now on, payloads in these namespaces are for an extension of the app: see [`ExtensionEvent`](super::ExtensionEvent).
    #[cfg(feature = "custom")]
    pub fn extend(&mut self, namespaces: Vec<String>) {
        self.features_mut().custom.extend(namespaces);
    }

    /// Says what the user does in a conversation, with every key if that is all one knows: what there is to be sent of it is sent, and
    /// never kept.
    #[cfg(feature = "chat-states")]
    pub fn send_chat_state(&mut self, now: Now, options: ChatStateOptions) -> Result<(), Error> {
        self.command(now, |features, cx| features.chat_states.tell(cx, options))
    }

    /// The roster, sorted by JID.
    pub fn roster(&self) -> impl Iterator<Item = &RosterItem> {
        self.features().roster.items()
    }

    /// One item of the roster.
    pub fn roster_item(&self, bare_jid: &str) -> Option<&RosterItem> {
        self.features().roster.get(bare_jid)
    }

    /// Adds a contact. Settles when the server has stored it.
    pub fn roster_add(&mut self, now: Now, token: Token, contact: RosterAdd) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.add(cx, token, contact))
    }

    /// Changes name or groups of a contact. Settles when the server has stored it.
    pub fn roster_update(&mut self, now: Now, token: Token, change: RosterUpdate) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.update(cx, token, change))
    }

    /// Removes a contact and both subscriptions. Settles when the server has done so.
    pub fn roster_remove(&mut self, now: Now, token: Token, jid: &str) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.remove(cx, token, jid))
    }

    /// Asks to see somebody's presence.
    pub fn subscribe(&mut self, now: Now, jid: &str) -> Result<(), Error> {
        self.subscribe_as(now, jid, None, None)
    }

    /// As [`subscribe`](Self::subscribe), with a word on who asks: what to call them (XEP-0172), and a text.
    pub fn subscribe_as(&mut self, now: Now, jid: &str, nick: Option<&str>, status: Option<&str>) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.subscribe(cx, jid, nick, status))
    }

    /// Lets somebody see our presence; without a request it approves one in advance.
    pub fn approve(&mut self, now: Now, jid: &str) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.approve(cx, jid))
    }

    /// Refuses a request, or withdraws an approval.
    pub fn deny(&mut self, now: Now, jid: &str) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.deny(cx, jid))
    }

    /// Stops seeing somebody's presence.
    pub fn unsubscribe(&mut self, now: Now, jid: &str) -> Result<(), Error> {
        self.command(now, |features, cx| features.roster.unsubscribe(cx, jid))
    }

    /// Sets our own presence, now and for later logins of this session.
    pub fn set_presence(&mut self, now: Now, presence: PresenceOptions) -> Result<(), Error> {
        self.command(now, |features, cx| {
            if features.presence.set(cx, presence)? {
                features.archive.follow_presence(cx);
            }
            Ok(())
        })
    }

    /// Sends a presence to one address only (RFC 6121, section 4.6).
    pub fn send_presence_to(&mut self, now: Now, jid: &str, presence: PresenceOptions) -> Result<(), Error> {
        self.command(now, |features, cx| features.presence.send_to(cx, jid, presence))
    }

    /// Bare JID: the most available resource. Full JID: that resource.
    pub fn presence_of(&self, jid: &str) -> Option<&Presence> {
        self.features().presence.of(jid)
    }

    /// All available resources of somebody, the most available first.
    pub fn presence_resources(&self, bare_jid: &str) -> Vec<&Presence> {
        self.features().presence.resources(bare_jid)
    }
}
