//! The one door from the borrowed tree to the types of `xmpp-parsers`.

use rxml::xml_map::XmlMap;
use rxml::{Event, Namespace, NcName, QName};
use xso::error::{Error, FromEventsError};
use xso::{Context, FromEventsBuilder, FromXml};

use super::reader::{Content, Element};

/// Fills a `T` from an element, with inherited `xml:lang` kept. All or nothing: use it for small payloads only.
pub(crate) fn read_typed<T: FromXml>(element: Element<'_>) -> Result<T, String> {
    let (name, attributes) = start(element)?;
    let lang = element.lang();
    let context = Context::empty().with_language(lang);
    let mut builder = T::from_events(name, attributes, &context).map_err(|error| match error {
        FromEventsError::Mismatch { .. } => "it is another element".to_owned(),
        FromEventsError::Invalid(error) => error.to_string(),
    })?;
    for content in element.contents() {
        if let Some(done) = feed(&mut builder, content, lang)? {
            return Ok(done);
        }
    }
    match builder.feed(Event::EndElement(rxml::parser::EventMetrics::zero()), &context) {
        Ok(Some(done)) => Ok(done),
        Ok(None) => Err("it is not complete".to_owned()),
        Err(error) => Err(say(&error)),
    }
}

fn feed<B: FromEventsBuilder>(builder: &mut B, content: Content<'_>, lang: Option<&str>) -> Result<Option<B::Output>, String> {
    let metrics = rxml::parser::EventMetrics::zero;
    match content {
        Content::Text(text) => {
            let context = Context::empty().with_language(lang);
            builder.feed(Event::Text(metrics(), text.to_owned()), &context).map_err(|error| say(&error))
        }
        Content::Element(element) => {
            let lang = element.own_lang().or(lang);
            let context = Context::empty().with_language(lang);
            let (name, attributes) = start(element)?;
            let mut done =
                builder.feed(Event::StartElement(metrics(), name, attributes), &context).map_err(|error| say(&error))?;
            for content in element.contents() {
                done = feed(builder, content, lang)?.or(done);
            }
            let last = builder.feed(Event::EndElement(metrics()), &context).map_err(|error| say(&error))?;
            Ok(last.or(done))
        }
    }
}

fn start(element: Element<'_>) -> Result<(QName, rxml::AttrMap), String> {
    let namespace = |text: &str| Namespace::from(text.to_owned());
    let name = |text: &str| NcName::try_from(text).map_err(|error| error.to_string());
    let mut attributes = XmlMap::new();
    for (attribute_namespace, attribute, value) in element.attrs() {
        attributes.insert(namespace(attribute_namespace.unwrap_or_default()), name(attribute)?, value.to_owned());
    }
    Ok(((namespace(element.namespace()), name(element.name())?), attributes))
}

fn say(error: &Error) -> String {
    error.to_string()
}
