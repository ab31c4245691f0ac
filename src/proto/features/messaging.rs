//! Messages (RFC 6121, section 5): five types, bodies and subjects in several languages, threads; delayed delivery (XEP-0203),
//! origin and stanza ids (XEP-0359, version 0.7.0) and bounces.
//!
//! Supported: all of RFC 6121, section 5, in both directions, but messages of type error, which are read and not sent.
//! Not here: what other extensions put into a message (see `messages`).

mod options;

use super::super::error::Error;
use super::super::event::{Delivery, Direction, Event, Message, MessagePlaces, MessageType, Stage};
use super::super::feature::{Cx, Feature, Flow};
use super::super::jids;
use super::super::sent::Sent;
use super::super::sorted::Sorted;
use super::super::stanza_error;
use super::super::texts::{Texts, is_language_tag};
use super::super::time::parse_timestamp;
use super::super::xml::{Element, Writer, ns};

pub use options::MessageOptions;

#[derive(Default)]
pub(crate) struct Messaging;

/// A message of ours that is being written.
pub(crate) struct Draft {
    /// All but what extensions add.
    pub(crate) message: Message,
    /// The stanza, up to its last texts.
    pub(crate) writer: Writer,
}

impl Messaging {
    /// Begins a message of ours: what is left to write is what extensions have to say, and the end.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn draft(cx: &mut Cx<'_>, options: &MessageOptions) -> Result<Draft, Error> {
        let to = jids::normalise("to", &options.to)?;
        let kind = options.kind.unwrap_or_default();
        check(options, kind)?;
        let id = options.id.clone().unwrap_or_else(|| cx.new_id());
        let bodies = collect("body", "bodies", options.body.as_deref(), &options.bodies, options.lang.as_deref())?;
        let subjects = collect("subject", "subjects", options.subject.as_deref(), &options.subjects, options.lang.as_deref())?;
        let mut writer = Writer::new();
        write(&mut writer, &id, &to, kind, options, &bodies, &subjects);

        let preferred = cx.config().language.as_deref();
        let message = Message {
            from: cx.own_jid().to_owned(),
            to,
            kind,
            direction: Direction::Out,
            body: options.body.as_deref().or_else(|| bodies.best(preferred)).map(ToOwned::to_owned),
            bodies: bodies.by_language(),
            subject: options.subject.as_deref().or_else(|| subjects.best(preferred)).map(ToOwned::to_owned),
            subjects: subjects.by_language(),
            thread: options.thread.clone(),
            parent_thread: options.parent_thread.clone(),
            lang: options.lang.clone(),
            origin_id: Some(id.clone()),
            timestamp_ms: cx.now().wall_ms,
            id,
            ..Message::default()
        };
        Ok(Draft { message, writer })
    }

    /// As [`draft`](Self::draft), of what has a body and nothing else, to an address in its normal form, and without the message itself.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn write_text(writer: &mut Writer, to: &str, options: &MessageOptions) -> Result<(), Error> {
        check(options, MessageType::Chat)?;
        let id = options.id.as_deref().unwrap_or_default();
        let bodies = collect("body", "bodies", options.body.as_deref(), &options.bodies, None)?;
        write(writer, id, to, MessageType::Chat, options, &bodies, &Texts::default());
        Ok(())
    }

    /// Reads what RFC 6121 says of a message, in one pass. What the server stamped is not validated again, and what is broken
    /// costs only its own field.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn read(cx: &mut Cx<'_>, stanza: Element<'_>) -> Message {
        let from = stanza.attr("from").unwrap_or_else(|| cx.own_bare());
        let kind = kind_of(stanza);
        let mut bodies = Texts::default();
        let mut subjects = Texts::default();
        let mut thread: Option<Element<'_>> = None;
        let mut sent_ms: Option<i64> = None;
        let mut origin_id: Option<&str> = None;
        let mut stanza_id: Option<&str> = None;
        for child in stanza.children() {
            match (child.name(), child.namespace()) {
                ("body", ns::CLIENT) => bodies.push(child),
                ("subject", ns::CLIENT) => subjects.push(child),
                ("thread", ns::CLIENT) => thread = thread.or(Some(child)),
                ("origin-id", ns::STANZA_IDS) => origin_id = child.attr("id").filter(|id| !id.is_empty()),
                ("stanza-id", ns::STANZA_IDS) => stanza_id = stanza_id.or_else(|| archive_id_of(child, from, kind, cx)),
                // Kept on the way more than once: the first time is when it was sent.
                ("delay", ns::DELAY) => sent_ms = sent_ms.into_iter().chain(delay_of(child, from, cx)).min(),
                _ => {}
            }
        }
        let lang = stanza.own_lang().filter(|lang| !lang.is_empty());
        let preferred = cx.config().language.as_deref();
        let thread_id = thread.map(|thread| thread.text().trim().to_owned()).filter(|id| !id.is_empty());
        let body = bodies.best(preferred);
        let (id, to) = (stanza.attr("id").filter(|id| !id.is_empty()), stanza.attr("to"));
        let place = |text: Option<&str>| text.map_or(0, |text| cx.place_of(text));
        let places = MessagePlaces {
            id: place(id),
            from: cx.place_of(from),
            to: place(to),
            body: place(body),
            lang: place(lang),
            origin_id: place(origin_id),
            stanza_id: place(stanza_id),
        };
        Message {
            places,
            // RFC 6120, section 8.1.2.1: a stanza without `from` is from our own account.
            from: from.to_owned(),
            to: to.unwrap_or_else(|| cx.own_jid()).to_owned(),
            kind,
            direction: Direction::In,
            body: body.map(ToOwned::to_owned),
            bodies: bodies.by_language(),
            subject: subjects.best(preferred).map(ToOwned::to_owned),
            subjects: subjects.by_language(),
            parent_thread: thread.filter(|_| thread_id.is_some()).and_then(|thread| thread.attr("parent")).map(ToOwned::to_owned),
            thread: thread_id,
            lang: lang.map(ToOwned::to_owned),
            origin_id: origin_id.map(ToOwned::to_owned),
            stanza_id: stanza_id.map(ToOwned::to_owned),
            timestamp_ms: sent_ms.unwrap_or(cx.now().wall_ms),
            is_delayed: sent_ms.is_some(),
            error: (kind == MessageType::Error).then(|| stanza_error::read(stanza)),
            id: id.map_or_else(|| cx.new_id(), ToOwned::to_owned),
            ..Message::default()
        }
    }

    /// Whether the message carries content of its own, so that a `message` event is made of it: a body, a subject, an error, or what an
    /// extension says is content. A thread alone says nothing.
    #[cfg_attr(waxwing_small, optimize(speed))]
    pub(crate) fn has_content(message: &Message) -> bool {
        message.body.is_some() || message.subject.is_some() || message.error.is_some() || message.is_content
    }
}

impl Feature for Messaging {
    /// Read by [`Messaging::read`].
    fn payloads(&self) -> &'static [&'static str] {
        &[ns::STANZA_IDS, ns::DELAY]
    }

    fn handle_message(&mut self, cx: &mut Cx<'_>, _stanza: Element<'_>, message: &mut Message) -> Flow {
        if let Some(error) = &message.error
            && let Some(Sent { id, to, .. }) = cx.take_bounced(message)
        {
            // The bounce may overtake the server's word on the message; the stages stay in order.
            cx.confirm_message(&id);
            cx.emit(Event::Delivery(Delivery {
                id: (*id).to_owned(),
                to: (*to).to_owned(),
                stage: Stage::Failed,
                error: Some(error.clone()),
            }));
        }
        Flow::Continue
    }
}

/// RFC 6121, section 5.2.2: a type that is missing or unknown is normal.
#[cfg_attr(waxwing_small, optimize(speed))]
fn kind_of(stanza: Element<'_>) -> MessageType {
    match stanza.attr("type") {
        Some("chat") => MessageType::Chat,
        Some("groupchat") => MessageType::Groupchat,
        Some("headline") => MessageType::Headline,
        Some("error") => MessageType::Error,
        _ => MessageType::Normal,
    }
}

/// When the message was sent (XEP-0203), if that is readable and comes from somebody who can know: our own server or account,
/// or the sender's; without `from` it is the sender's word like the body (I9).
#[cfg_attr(waxwing_small, optimize(speed))]
fn delay_of(delay: Element<'_>, sender: &str, cx: &Cx<'_>) -> Option<i64> {
    let is_believed =
        delay.attr("from").is_none_or(|from| jids::speaks_for(from, sender) || jids::speaks_for(from, cx.own_jid()));
    delay.attr("stamp").filter(|_| is_believed).and_then(parse_timestamp)
}

/// Under which an archive has the message (XEP-0359, section 4): that of the account, or with type groupchat that of the room. Anybody
/// can write such an element; what takes out those of others says so, and only there it is believed (section 7).
#[cfg_attr(waxwing_small, optimize(speed))]
fn archive_id_of<'a>(stamp: Element<'a>, from: &str, kind: MessageType, cx: &Cx<'_>) -> Option<&'a str> {
    let archive = if kind == MessageType::Groupchat { jids::bare(from) } else { cx.own_bare() };
    let is_believed = stamp.attr("by") == Some(archive) && cx.believes_stamps_of(archive);
    stamp.attr("id").filter(|id| is_believed && !id.is_empty())
}

fn check(options: &MessageOptions, kind: MessageType) -> Result<(), Error> {
    if kind == MessageType::Error {
        return Err(Error::invalid("type error cannot be sent").remedy("Use chat, normal, groupchat or headline."));
    }
    if options.id.as_deref().is_some_and(str::is_empty) {
        return Err(Error::invalid("id is empty").remedy("Leave id out to get a fresh one."));
    }
    if options.thread.as_deref().is_some_and(|thread| thread.trim().is_empty()) {
        return Err(Error::invalid("thread is empty").remedy("Leave thread out, or pass the id of a conversation."));
    }
    if options.parent_thread.is_some() && options.thread.is_none() {
        return Err(Error::invalid("parentThread is given without thread"));
    }
    match options.lang.as_deref() {
        Some(lang) if !is_language_tag(lang) => Err(not_a_language("lang", lang)),
        _ => Ok(()),
    }
}

/// All bodies, or all subjects, the one without a language of its own first.
fn collect<'a>(
    what: &str,
    what_by_lang: &str,
    plain: Option<&'a str>,
    by_lang: &'a Sorted<String>,
    stanza_lang: Option<&'a str>,
) -> Result<Texts<'a>, Error> {
    let mut texts = Texts::default();
    if let Some(text) = plain {
        texts.push_outgoing(None, stanza_lang, text);
    }
    for (lang, text) in by_lang.iter() {
        // RFC 6121, section 5.2.3: no two in one language.
        let is_plain = lang.is_empty() || stanza_lang.is_some_and(|stanza| lang.eq_ignore_ascii_case(stanza));
        if is_plain && plain.is_some() {
            return Err(Error::invalid(format!("{what} and {what_by_lang}[\"{lang}\"] are in one language")));
        }
        if lang.is_empty() {
            texts.push_outgoing(None, stanza_lang, text);
        } else if is_language_tag(lang) {
            texts.push_outgoing(Some(lang), stanza_lang, text);
        } else {
            return Err(not_a_language(what_by_lang, lang));
        }
    }
    Ok(texts)
}

fn not_a_language(what: &str, lang: &str) -> Error {
    Error::invalid(format!("{what} names a language that is none: \"{lang}\"")).remedy("Use a BCP 47 tag such as en or pt-BR.")
}

#[cfg_attr(waxwing_small, optimize(speed))]
fn write(
    w: &mut Writer,
    id: &str,
    to: &str,
    kind: MessageType,
    options: &MessageOptions,
    bodies: &Texts<'_>,
    subjects: &Texts<'_>,
) {
    w.open("message", ns::CLIENT).attr("type", kind.as_str()).attr("id", id).attr("to", to).lang(options.lang.as_deref());
    for subject in subjects.iter() {
        w.open("subject", ns::CLIENT).lang(subject.own_lang()).text(subject.text()).close();
    }
    for body in bodies.iter() {
        w.open("body", ns::CLIENT).lang(body.own_lang()).text(body.text()).close();
    }
    if let Some(thread) = &options.thread {
        w.open("thread", ns::CLIENT).attr_opt("parent", options.parent_thread.as_deref()).text(thread).close();
    }
}
