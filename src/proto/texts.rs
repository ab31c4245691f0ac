//! One text in several languages, as messages and presence carry it (RFC 6121, sections 4.7.2.2, 5.2.3 and 5.2.4).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::xml::Element;

/// The versions of a text, in the order of the stanza.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a>(Vec<Version<'a>>);

#[derive(Debug)]
struct Version<'a> {
    /// As it applies, also inherited; `""` is none.
    lang: &'a str,
    /// Whether the language stands on the text itself.
    is_own_lang: bool,
    text: Cow<'a, str>,
}

impl<'a> Texts<'a> {
    /// All children with that name in the namespace of their parent.
    pub(crate) fn read(parent: Element<'a>, name: &str) -> Self {
        let mut texts = Self::default();
        for child in parent.children().filter(|child| child.is(name, parent.namespace())) {
            texts.push(child);
        }
        texts
    }

    pub(crate) fn push(&mut self, element: Element<'a>) {
        self.0.push(Version {
            lang: element.lang().unwrap_or_default(),
            is_own_lang: element.own_lang().is_some_and(|lang| !lang.is_empty()),
            text: element.text(),
        });
    }

    /// The version that fits best: in the preferred language, else without a language of its own, else the first.
    pub(crate) fn best(&self, preferred: Option<&str>) -> Option<&str> {
        let fit = |version: &Version<'_>| match preferred {
            Some(preferred) if version.lang.eq_ignore_ascii_case(preferred) => 3,
            Some(preferred) if is_subtag(version.lang, preferred) || is_subtag(preferred, version.lang) => 2,
            _ => u8::from(!version.is_own_lang),
        };
        // The first of those that fit equally well: `max_by_key` takes the last.
        self.0.iter().rev().max_by_key(|version| fit(version)).map(|version| &*version.text)
    }

    /// All versions, where there is more than one, or the one has a language of its own. Of two in the same language the first counts.
    pub(crate) fn by_language(&self) -> Option<BTreeMap<String, String>> {
        let is_plain = match self.0.as_slice() {
            [] => true,
            [version] => !version.is_own_lang,
            _ => false,
        };
        if is_plain {
            return None;
        }
        let mut all = BTreeMap::new();
        for version in &self.0 {
            all.entry(version.lang.to_owned()).or_insert_with(|| version.text.clone().into_owned());
        }
        Some(all)
    }
}

/// Whether `tag` is a kind of `range`, as `de-AT` is of `de` (RFC 4647, section 3.3.1).
fn is_subtag(tag: &str, range: &str) -> bool {
    let (Some(head), Some(rest)) = (tag.get(..range.len()), tag.get(range.len()..)) else {
        return false;
    };
    !range.is_empty() && rest.starts_with('-') && head.eq_ignore_ascii_case(range)
}

#[cfg(test)]
mod tests {
    use super::super::config::Limits;
    use super::super::xml::parse;
    use super::*;

    fn with<R>(stanza: &str, look: impl FnOnce(Texts<'_>) -> R) -> R {
        let document = parse(stanza, &Limits::default()).unwrap_or_else(|fault| panic!("{fault:?}"));
        look(Texts::read(document.root(), "t"))
    }

    #[test]
    fn the_preferred_language_wins_then_the_text_without_one_then_the_first() {
        let stanza =
            "<a xmlns='x'><t xml:lang='cs'>cs</t><t>plain</t><t xml:lang='de-AT'>at</t><t xml:lang='DE'>de</t><t>late</t></a>";
        with(stanza, |texts| {
            for (preferred, best) in
                [(Some("de"), "de"), (Some("de-at"), "at"), (Some("cs-CZ"), "cs"), (Some("fr"), "plain"), (None, "plain")]
            {
                assert_eq!(texts.best(preferred), Some(best), "{preferred:?}");
            }
        });
        with("<a xmlns='x'><t xml:lang='cs'>cs</t><t xml:lang='de'>de</t></a>", |texts| {
            assert_eq!(texts.best(Some("fr")), Some("cs"));
        });
        with("<a xmlns='x'/>", |texts| assert_eq!(texts.best(Some("fr")), None));
    }

    #[test]
    fn languages_are_listed_only_where_they_say_something() {
        with("<a xmlns='x' xml:lang='en'><t>one</t></a>", |texts| assert_eq!(texts.by_language(), None));
        with("<a xmlns='x'><t xml:lang='en'>one</t></a>", |texts| assert_eq!(texts.by_language().unwrap()["en"], "one"));
        with("<a xmlns='x' xml:lang='en'><t>one</t><t xml:lang=''>two</t><t xml:lang='en'>three</t></a>", |texts| {
            let all = texts.by_language().unwrap();
            assert_eq!(all.into_iter().collect::<Vec<_>>(), [("".into(), "two".into()), ("en".into(), "one".into())]);
        });
    }
}
