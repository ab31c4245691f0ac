//! Chat states (XEP-0085, version 2.1): who is typing, both ways.
//!
//! ```text
//!   active ──composing──▶ composing ──10 s without a key──▶ paused ──┐
//!     ▲ ▲                     │                                      │ 2 min
//!     │ └──── a message ──────┴──────────────────────────────────────┤
//!     └──────────────────────── whatever the app says ◀── inactive ◀─┘
//! ```
//! An app says what its user does as often as it likes; the same state goes out once (section 5.3). By itself it ends as drawn.
//!
//! Nothing is said in a conversation of which the app has said nothing: whoever does not want to tell does not tell (section 5.2), and a
//! message carries no more than it has to. Where it has, each message carries `<active/>`, up to a reply without any state, which says that
//! they do not know them (section 5.1). A state alone goes only to those who see our presence; to others once both have written, and they
//! with a state (section 9).
//!
//! Not here: `<gone/>` at disconnect(). A conversation is no session (section 5.4); that its window was closed is for the app to say. What
//! entity capabilities say of support is not asked for.

use super::super::error::Error;
use super::super::event::{Activity, ChatState, Direction, Event, Message, MessageType, signal};
use super::super::feature::{Cx, Feature, Flow};
use super::super::jids;
use super::super::json::Fields;
use super::super::sorted::Sorted;
use super::super::xml::{Element, Writer, ns};
use super::messaging::MessageOptions;

const NS: &str = "http://jabber.org/protocol/chatstates";

const PAUSED_MS: u64 = 10_000;
const INACTIVE_MS: u64 = 120_000;

/// So many conversations are remembered, those that were used last.
const MOST_CHATS: usize = 500;

/// What the user does in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatStateOptions {
    pub to: String,
    pub state: Activity,
    /// Chat, or groupchat.
    pub kind: MessageType,
}

impl ChatStateOptions {
    /// As a page has them. `None` where something is missing, or is of another type.
    pub fn from_json(options: &str) -> Option<Self> {
        Fields::parse(options)?.read(|fields| {
            let kind = fields.choice("type", &MessageType::ALL, MessageType::as_str).unwrap_or_default();
            Some(Self { to: fields.text("to")?, state: fields.choice("state", &Activity::ALL, Activity::as_str)?, kind })
        })
    }
}

#[derive(Default)]
pub(crate) struct ChatStates {
    /// Conversations of which the app has said something, by bare JID.
    chats: Sorted<Chat>,
    /// The first moment at which one of them has something to say.
    due_ms: Option<u64>,
}

#[derive(Default)]
struct Chat {
    /// Where states go: as the app says it.
    to: String,
    is_room: bool,
    /// Whether they use chat states, as far as their last message says.
    is_understood: Option<bool>,
    /// What they know.
    told: Option<Activity>,
    /// What they are to be told next, and when.
    next: Option<(u64, Activity)>,
    /// They have a message of ours.
    has_message: bool,
    thread: Option<String>,
    used_ms: u64,
}

impl ChatStates {
    /// Says what the user does. While the session is not online that is of no use to anybody later.
    pub(crate) fn tell(&mut self, cx: &mut Cx<'_>, options: ChatStateOptions) -> Result<(), Error> {
        let ChatStateOptions { to, state, kind } = options;
        let to = jids::normalise("to", &to)?;
        let is_room = kind == MessageType::Groupchat;
        // Section 5.5: not in a room.
        if is_room && state == Activity::Gone {
            return Ok(());
        }
        let now_ms = cx.now().mono_ms;
        let Some(chat) = self.chat(jids::bare(&to), now_ms) else { return Ok(()) };
        if chat.is_room != is_room {
            *chat = Chat { is_room, ..Chat::default() };
        }
        if chat.to != to {
            (chat.to, chat.told, chat.next) = (to, None, None);
        }
        chat.used_ms = now_ms;
        if chat.told == Some(state) {
            chat.next = chat.follows(state, now_ms);
        } else if cx.is_bound() {
            chat.next = Some((now_ms, state));
        }
        self.plan();
        Ok(())
    }

    fn chat(&mut self, bare: &str, now_ms: u64) -> Option<&mut Chat> {
        if self.chats.len() >= MOST_CHATS
            && !self.chats.contains(bare)
            && let Some(oldest) = self.chats.iter().min_by_key(|(_, chat)| chat.used_ms).map(|(bare, _)| bare.to_owned())
        {
            self.chats.remove(&oldest);
        }
        self.chats.get_or_insert_with(bare, || Chat { used_ms: now_ms, ..Chat::default() })
    }

    fn plan(&mut self) {
        self.due_ms = self.chats.values().filter_map(|chat| chat.next).map(|(due_ms, _)| due_ms).min();
    }

    /// Something was said to us: with a state, or a message without.
    fn hear(&mut self, message: &Message, has_state: bool) {
        let Some(chat) = self.chats.get_mut(jids::bare(&message.from)) else { return };
        if message.body.is_some() {
            chat.thread.clone_from(&message.thread);
        }
        // Section 5.1: what answers nothing that had a state in it says nothing about them.
        if has_state || chat.told.is_some() {
            chat.is_understood = Some(has_state);
        }
    }
}

impl Chat {
    /// What a state becomes by itself, and when.
    fn follows(&self, state: Activity, now_ms: u64) -> Option<(u64, Activity)> {
        match state {
            Activity::Composing => Some((now_ms + PAUSED_MS, Activity::Paused)),
            Activity::Active | Activity::Paused if self.is_understood == Some(true) && !self.is_room => {
                Some((now_ms + INACTIVE_MS, Activity::Inactive))
            }
            _ => None,
        }
    }

    /// Whether a message of that type carries a state.
    fn is_told_with(&self, kind: MessageType) -> bool {
        match kind {
            MessageType::Chat => !self.is_room && self.is_understood != Some(false),
            MessageType::Groupchat => self.is_room,
            _ => false,
        }
    }

    /// Whether a state may go out by itself.
    fn may_be_told(&self, sees_us: &dyn Fn(&str) -> bool) -> bool {
        match self.is_understood {
            _ if self.is_room => true,
            Some(false) => false,
            Some(true) if self.has_message => true,
            _ => sees_us(&self.to),
        }
    }

    fn write(&self, state: Activity, id: &str) -> Writer {
        let kind = if self.is_room { MessageType::Groupchat } else { MessageType::Chat };
        let mut w = Writer::new();
        w.open("message", ns::CLIENT).attr("type", kind.as_str()).attr("id", id).attr("to", &self.to);
        // Section 5.6: nothing else, but the thread where there is one.
        if let Some(thread) = &self.thread {
            w.leaf("thread", ns::CLIENT, thread);
        }
        w.empty(state.as_str(), NS);
        w
    }
}

impl Feature for ChatStates {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn payloads(&self) -> &'static [&'static str] {
        &[NS]
    }

    fn read_payload(&self, _cx: &Cx<'_>, _payload: Element<'_>, _stanza: Element<'_>, message: &mut Message) {
        message.signals |= signal::CHAT_STATE;
    }

    fn write_payloads(&self, _cx: &mut Cx<'_>, options: &MessageOptions, w: &mut Writer) -> Result<bool, Error> {
        let has_text = options.body.is_some() || !options.bodies.is_empty();
        // Most apps that send much tell nobody who is typing.
        if !self.chats.is_empty()
            && has_text
            && let Ok(to) = jids::normal(&options.to)
            && self.chats.get(jids::bare(&to)).is_some_and(|chat| chat.is_told_with(options.kind.unwrap_or_default()))
        {
            w.empty(Activity::Active.as_str(), NS);
        }
        Ok(false)
    }

    fn handle_sent(&mut self, cx: &mut Cx<'_>, to: &str, options: &MessageOptions) {
        if self.chats.is_empty() || (options.body.is_none() && options.bodies.is_empty()) {
            return;
        }
        let Some(chat) = self.chats.get_mut(jids::bare(to)) else { return };
        chat.used_ms = cx.now().mono_ms;
        chat.has_message = true;
        chat.thread.clone_from(&options.thread);
        if chat.is_told_with(options.kind.unwrap_or_default()) {
            to.clone_into(&mut chat.to);
            chat.told = Some(Activity::Active);
            chat.next = chat.follows(Activity::Active, chat.used_ms);
            self.plan();
        }
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, stanza: Element<'_>, message: &mut Message) -> Flow {
        let has_state = message.signals & signal::CHAT_STATE != 0;
        let is_live = message.direction == Direction::In && !message.is_delayed && !cx.is_from_archive();
        if !(has_state || message.body.is_some()) || !is_live || !is_conversation(message.kind) {
            return Flow::Continue;
        }
        let state = has_state.then(|| stanza.children().find(|child| child.namespace() == NS).and_then(read)).flatten();
        self.hear(message, state.is_some());
        // Section 5.5: nobody leaves a room like that.
        let is_told = !(message.kind == MessageType::Groupchat && state == Some(Activity::Gone));
        if let Some(state) = state.filter(|_| is_told && jids::bare(&message.from) != cx.own_bare()) {
            cx.emit(Event::ChatState(ChatState { from: message.from.clone(), state }));
        }
        Flow::Continue
    }

    fn deadline_ms(&self) -> Option<u64> {
        self.due_ms
    }

    fn handle_deadline(&mut self, cx: &mut Cx<'_>, sees_us: &dyn Fn(&str) -> bool) {
        let now_ms = cx.now().mono_ms;
        for chat in self.chats.values_mut() {
            let Some((_, state)) = chat.next.take_if(|(due_ms, _)| *due_ms <= now_ms) else { continue };
            // A stanza of ours that cannot be written, or is too large, is not worth a word: nobody is told, and that is all.
            if !chat.may_be_told(sees_us) {
                continue;
            }
            let stanza = chat.write(state, &cx.new_signal_id());
            if cx.send(stanza).is_ok() {
                chat.told = Some(state);
                chat.next = chat.follows(state, now_ms);
            }
        }
        self.plan();
    }

    fn on_offline(&mut self, _cx: &mut Cx<'_>) {
        // They saw us go, and what they knew went with that.
        for chat in self.chats.values_mut() {
            (chat.told, chat.next) = (None, None);
        }
        self.plan();
    }
}

/// Section 5.4: chat or groupchat; many a sender leaves the type out.
fn is_conversation(kind: MessageType) -> bool {
    matches!(kind, MessageType::Chat | MessageType::Normal | MessageType::Groupchat)
}

fn read(state: Element<'_>) -> Option<Activity> {
    [Activity::Active, Activity::Composing, Activity::Paused, Activity::Inactive, Activity::Gone]
        .into_iter()
        .find(|known| known.as_str() == state.name())
}
