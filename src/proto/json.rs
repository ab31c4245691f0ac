//! JSON, read into values that borrow its text: records that come out of a storage, and the arguments of commands.
//!
//! What is read asks for its fields by name. By serde each type brings a reader of its own, 2 KB of WebAssembly, and errors in words that
//! nobody sees: what cannot be read is told as that and no more.

use std::borrow::Cow;

use super::sorted::Sorted;

/// What is deeper is nothing of ours.
const MOST_DEPTH: u32 = 16;

/// A list of texts, as a page has it. `None` where it is something else.
pub fn texts_from_json(list: &str) -> Option<Vec<String>> {
    Json::parse(list)?.list(Json::text)
}

#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Flag(bool),
    /// Others than whole ones are not read.
    Number(i64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Fields<'a>),
}

/// The fields of an object.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fields<'a> {
    fields: Vec<(Cow<'a, str>, Json<'a>)>,
    /// Something was not what it should be.
    is_wrong: bool,
}

impl<'a> Json<'a> {
    /// `None`: it is no JSON.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(MOST_DEPTH)?;
        reader.peek().is_none().then_some(value)
    }

    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    pub(crate) fn object(self) -> Option<Fields<'a>> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn list<T>(self, read: impl Fn(Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        self.each(&mut |item| {
            all.push(read(item)?);
            Some(())
        })?;
        Some(all)
    }

    /// By name.
    pub(crate) fn texts(self) -> Option<Sorted<String>> {
        let mut texts = Sorted::default();
        for (name, value) in self.object()?.fields {
            texts.insert(name.into_owned(), value.text()?);
        }
        Some(texts)
    }

    /// The part of reading a list that is the same for all types.
    fn each(self, read: &mut dyn FnMut(Self) -> Option<()>) -> Option<()> {
        match self {
            Self::List(list) => list.into_iter().try_for_each(read),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        Json::parse(text)?.object()
    }
}

/// Each field can be taken once. `None` is one that is not there, or null, or of another type; [`read`](Fields::read) tells the last of these.
impl<'a> Fields<'a> {
    /// The whole of an object, unless something in it is of a wrong type.
    pub(crate) fn read<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        read(&mut self).filter(|_| !self.is_wrong)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.take(name)?;
        self.checked(value.text())
    }

    /// False where it is not there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.flag_if_given(name).unwrap_or(false)
    }

    pub(crate) fn flag_if_given(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Json::Flag(flag) => Some(flag),
            _ => self.checked(None),
        }
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self, name: &str) -> Option<T> {
        let number = self.whole(name)?;
        self.checked(T::try_from(number).ok())
    }

    /// One of these, by its name.
    pub(crate) fn choice<T: Copy>(&mut self, name: &str, all: &[T], name_of: impl Fn(T) -> &'static str) -> Option<T> {
        let text = self.text(name)?;
        self.checked(all.iter().copied().find(|one| name_of(*one) == text))
    }

    pub(crate) fn object<T>(&mut self, name: &str, read: impl FnOnce(Fields<'a>) -> Option<T>) -> Option<T> {
        let value = self.take(name)?;
        self.checked(value.object().and_then(read))
    }

    pub(crate) fn list<T>(&mut self, name: &str, read: impl Fn(Json<'a>) -> Option<T>) -> Option<Vec<T>> {
        let value = self.take(name)?;
        self.checked(value.list(read))
    }

    pub(crate) fn texts(&mut self, name: &str) -> Option<Sorted<String>> {
        let value = self.take(name)?;
        self.checked(value.texts())
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let (_, value) = self.fields.iter_mut().find(|(field, _)| field == name)?;
        Some(std::mem::replace(value, Json::Null)).filter(|value| *value != Json::Null)
    }

    fn whole(&mut self, name: &str) -> Option<i64> {
        match self.take(name)? {
            Json::Number(number) => Some(number),
            _ => self.checked(None),
        }
    }

    fn checked<T>(&mut self, value: Option<T>) -> Option<T> {
        self.is_wrong |= value.is_none();
        value
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u32) -> Option<Json<'a>> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => {
                let mut fields = Vec::new();
                self.items(b'}', |reader| {
                    reader.peek();
                    let name = reader.string()?;
                    let value = reader.eat(b':').then(|| reader.value(depth))??;
                    fields.push((name, value));
                    Some(())
                })?;
                Some(Json::Object(Fields { fields, is_wrong: false }))
            }
            b'[' => {
                let mut list = Vec::new();
                self.items(b']', |reader| {
                    list.push(reader.value(depth)?);
                    Some(())
                })?;
                Some(Json::List(list))
            }
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Flag(true)),
            b'f' => self.word("false", Json::Flag(false)),
            b'n' => self.word("null", Json::Null),
            _ => {
                let rest = self.text.get(self.at..)?;
                let end = rest.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '-' | '+' | '.')));
                let number = rest.get(..end.unwrap_or(rest.len()))?;
                self.at += number.len();
                number.parse().ok().map(Json::Number)
            }
        }
    }

    /// What stands between brackets, the first of which is at hand.
    fn items(&mut self, end: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        if self.eat(end) {
            return Some(());
        }
        loop {
            read(self)?;
            if self.eat(end) {
                return Some(());
            }
            if !self.eat(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let rest = self.text.get(self.at..)?.strip_prefix('"')?;
        let end = rest.find(['"', '\\'])?;
        let mut text = Cow::Borrowed(rest.get(..end)?);
        self.at += 1 + end;
        // The next is the quote at the end, or a backslash.
        while self.byte()? == b'\\' {
            let owned = text.to_mut();
            let char = match self.byte()? {
                char @ (b'"' | b'\\' | b'/') => char.into(),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.unit()?,
                _ => return None,
            };
            owned.push(char);
            let rest = self.text.get(self.at..)?;
            let end = rest.find(['"', '\\'])?;
            owned.push_str(rest.get(..end)?);
            self.at += end;
        }
        Some(text)
    }

    /// Behind `\u`: a character, of one unit of UTF-16 or two. Half of one becomes U+FFFD, as in all strings that come from JavaScript.
    fn unit(&mut self) -> Option<char> {
        let first = self.hex()?;
        if let (0xd800..0xdc00, Some(rest)) = (first, self.text.get(self.at..)?.strip_prefix("\\u"))
            && let Some(second @ 0xdc00..0xe000) = rest.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok())
        {
            self.at += 6;
            return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Option<Json<'a>> {
        let is_there = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_there.then_some(value)
    }

    /// Whether this comes next, but for white space; then it is behind us.
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(*byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn same(ours: &Json<'_>, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Null, Value::Null) => true,
            (Json::Flag(ours), Value::Bool(theirs)) => ours == theirs,
            (Json::Number(ours), theirs) => theirs.as_i64() == Some(*ours),
            (Json::Text(ours), Value::String(theirs)) => ours == theirs,
            (Json::List(ours), Value::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Json::Object(ours), Value::Object(theirs)) => {
                let pairs = ours.fields.iter().zip(theirs);
                ours.fields.len() == theirs.len()
                    && pairs.into_iter().all(|((a, ours), (b, theirs))| a == b && same(ours, theirs))
            }
            _ => false,
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\"\\\\\\x00-\\x20é🎉/ub]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_as_serde_reads_it(value in values(), is_pretty: bool) {
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert!(Json::parse(&text).is_some_and(|ours| same(&ours, &value)), "{}", text);
        }

        #[test]
        fn what_is_no_json_is_no_value_of_ours(text in "[\\[\\]{}:,\"\\\\u0-9a-fntrls \\-+.eé]{0,24}") {
            let theirs = serde_json::from_str::<Value>(&text);
            if let Some(ours) = Json::parse(&text) {
                // What is taken on top of it: leading zeros, a sign, control characters, halves of a surrogate pair, a name twice.
                prop_assert!(theirs.is_err() || theirs.as_ref().is_ok_and(|theirs| same(&ours, theirs) || text.contains(':')), "{} {:?}", text, ours);
            }
        }
    }

    #[test]
    fn escapes_are_read_as_a_browser_writes_them() {
        for (text, read) in [
            (r#""\u0041\n\"\\\/\b\f\r\t""#, "A\n\"\\/\u{8}\u{c}\r\t"),
            (r#""\ud83c\udf89!""#, "🎉!"),
            (r#""\ud83c""#, "\u{fffd}"),
            (r#""\ud83cx\udf89""#, "\u{fffd}x\u{fffd}"),
            (r#""\ud83c\u0041""#, "\u{fffd}A"),
        ] {
            assert_eq!(Json::parse(text), Some(Json::Text(read.into())), "{text}");
        }
        for text in [
            "",
            "\"",
            "\"\\",
            "\"\\u12",
            "\"\\u12é4\"",
            "\"\\x\"",
            "1.5",
            "1e3",
            "tru",
            "nul",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "1 2",
            "-",
            "é",
        ] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
        assert_eq!(Json::parse(&format!("{}{}", "[".repeat(17), "]".repeat(17))), None);
        assert!(Json::parse(&format!("{}{}", "[".repeat(16), "]".repeat(16))).is_some());
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn a_field_of_another_type_makes_the_whole_unreadable_and_one_that_is_null_is_absent() {
        let read = |text| {
            Json::parse(text)?.object()?.read(|fields| {
                Some((
                    fields.text("a"),
                    fields.number::<i8>("b"),
                    fields.flag("c"),
                    fields.list("d", Json::text),
                    fields.texts("e"),
                ))
            })
        };
        assert_eq!(read("{}"), Some((None, None, false, None, None)));
        assert_eq!(read(r#"{"a":null,"b":null,"c":null,"d":null,"e":null,"f":[{}]}"#), Some((None, None, false, None, None)));
        let all = read(r#"{"e":{"x":"y"},"d":["p"],"c":true,"b":-128,"a":"t"}"#);
        let texts = Sorted::from([("x".to_owned(), "y".to_owned())]);
        assert_eq!(all, Some((Some("t".to_owned()), Some(-128), true, Some(vec!["p".to_owned()]), Some(texts))));
        for wrong in [
            r#"{"a":1}"#,
            r#"{"b":128}"#,
            r#"{"b":"1"}"#,
            r#"{"c":0}"#,
            r#"{"d":[1]}"#,
            r#"{"d":{}}"#,
            r#"{"e":{"x":1}}"#,
            r#"{"e":[]}"#,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
