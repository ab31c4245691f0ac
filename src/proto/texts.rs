//! One text in several languages, as messages and presence carry it (RFC 6121, sections 4.7.2.2, 5.2.3 and 5.2.4).

use std::borrow::Cow;

use super::sorted::Sorted;
use super::xml::Element;

/// The versions of a text, in the order of the stanza. A single one, the usual case, costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a> {
    first: Option<Version<'a>>,
    others: Vec<Version<'a>>,
}

#[derive(Debug)]
pub(crate) struct Version<'a> {
    /// As it applies, also inherited; `""` is none.
    lang: &'a str,
    /// Whether the language stands on the text itself.
    is_own_lang: bool,
    text: Cow<'a, str>,
}

impl<'a> Version<'a> {
    /// `xml:lang` of the text itself.
    pub(crate) fn own_lang(&self) -> Option<&'a str> {
        self.is_own_lang.then_some(self.lang)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
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

    /// Adds a text as it came in.
    pub(crate) fn push(&mut self, element: Element<'a>) {
        let own_lang = element.own_lang().filter(|lang| !lang.is_empty());
        let lang = own_lang.or_else(|| element.lang()).unwrap_or_default();
        self.add(Version { lang, is_own_lang: own_lang.is_some(), text: element.text() });
    }

    /// Adds a text that is to go out, inside a stanza in that language.
    pub(crate) fn push_outgoing(&mut self, own_lang: Option<&'a str>, stanza_lang: Option<&'a str>, text: &'a str) {
        let lang = own_lang.or(stanza_lang).unwrap_or_default();
        self.add(Version { lang, is_own_lang: own_lang.is_some(), text: Cow::Borrowed(text) });
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Version<'a>> {
        self.first.iter().chain(&self.others)
    }

    /// The version that fits best: in the preferred language, else without a language of its own, else the first.
    pub(crate) fn best(&self, preferred: Option<&str>) -> Option<&str> {
        if self.others.is_empty() {
            return self.first.as_ref().map(Version::text);
        }
        let fit = |version: &Version<'_>| match preferred {
            Some(preferred) if version.lang.eq_ignore_ascii_case(preferred) => 3,
            Some(preferred) if is_subtag(version.lang, preferred) || is_subtag(preferred, version.lang) => 2,
            _ => u8::from(!version.is_own_lang),
        };
        // The first of those that fit equally well: `max_by_key` takes the last.
        self.iter().rev().max_by_key(|version| fit(version)).map(Version::text)
    }

    /// All versions, where there is more than one, or the one has a language of its own. Of two in the same language the first counts.
    pub(crate) fn by_language(&self) -> Option<Sorted<String>> {
        if self.others.is_empty() && self.first.as_ref().is_none_or(|version| !version.is_own_lang) {
            return None;
        }
        let mut all = Sorted::default();
        for version in self.iter() {
            all.get_or_insert_with(version.lang, || version.text.clone().into_owned());
        }
        Some(all)
    }

    fn add(&mut self, version: Version<'a>) {
        match self.first {
            None => self.first = Some(version),
            Some(_) => self.others.push(version),
        }
    }
}

/// Whether this looks like a BCP 47 tag: subtags of one to eight letters and digits, the first of letters alone.
pub(crate) fn is_language_tag(lang: &str) -> bool {
    let is_subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut parts = lang.split('-');
    parts.next().is_some_and(|part| is_subtag(part) && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(is_subtag)
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
        with("<a xmlns='x'><t xml:lang='en'>one</t></a>", |texts| {
            assert_eq!(texts.by_language(), Some([("en".to_owned(), "one".to_owned())].into()))
        });
        with("<a xmlns='x' xml:lang='en'><t>one</t><t xml:lang=''>two</t><t xml:lang='en'>three</t></a>", |texts| {
            let all = texts.by_language().unwrap();
            assert_eq!(all, [("".into(), "two".into()), ("en".into(), "one".into())].into());
        });
    }

    #[test]
    fn language_tags_are_told_from_other_text() {
        for lang in ["en", "en-GB", "zh-Hant-TW", "x-klingon", "sl-rozaj-1994"] {
            assert!(is_language_tag(lang), "{lang}");
        }
        for lang in ["", "-", "en_GB", "en-", "english language", "1en", "abcdefghi"] {
            assert!(!is_language_tag(lang), "{lang}");
        }
    }
}
