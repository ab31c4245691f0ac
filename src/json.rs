//! Plain data as JSON text, for the browser to make objects of.
//!
//! One text and one `JSON.parse` cost a third of an object that is built field by field across the border: each string and each
//! field would be a call of its own. What comes here are structs, lists, string maps, enums as strings, numbers and `Option`s;
//! serde's other shapes are refused.

use std::fmt::{self, Display, Write as _};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct};

/// Appends `value` to `text`. On an error the text is of no use.
pub(crate) fn write(text: &mut String, value: &(impl Serialize + ?Sized)) -> Result<(), Unsupported> {
    value.serialize(Json(text))
}

/// The shape has no place in JSON, or is none of ours.
#[derive(Debug)]
pub(crate) struct Unsupported;

impl Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this cannot be written as JSON")
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }
}

struct Json<'a>(&'a mut String);

impl Json<'_> {
    #[inline(never)]
    fn number(self, number: i64) -> Result<(), Unsupported> {
        write!(self.0, "{number}").map_err(|_| Unsupported)
    }
}

type No = Impossible<(), Unsupported>;

impl<'a> ser::Serializer for Json<'a> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = No;

    fn serialize_str(self, value: &str) -> Result<(), Unsupported> {
        quote(self.0, value);
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Unsupported> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unsupported> {
        self.number(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unsupported> {
        self.number(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unsupported> {
        self.number(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unsupported> {
        self.number(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unsupported> {
        self.number(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unsupported> {
        self.number(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unsupported> {
        self.number(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unsupported> {
        self.number(i64::try_from(value).map_err(|_| Unsupported)?)
    }

    fn serialize_none(self) -> Result<(), Unsupported> {
        self.0.push_str("null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unsupported> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Unsupported> {
        Ok(Items::begin(self.0, '[', ']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Items<'a>, Unsupported> {
        Ok(Items::begin(self.0, '{', '}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, Unsupported> {
        Ok(Items::begin(self.0, '{', '}'))
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_char(self, _: char) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_unit(self) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple(self, _: usize) -> Result<No, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Unsupported> {
        Err(Unsupported)
    }
}

/// The inside of an array or an object.
struct Items<'a> {
    text: &'a mut String,
    is_first: bool,
    end: char,
}

impl<'a> Items<'a> {
    fn begin(text: &'a mut String, start: char, end: char) -> Self {
        text.push(start);
        Self { text, is_first: true, end }
    }

    fn next(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(',');
        }
    }

    /// Not inlined, as what else each field of each struct would have a copy of.
    #[inline(never)]
    fn field(&mut self, name: &'static str) {
        self.next();
        // The names of fields hold nothing that would have to be escaped.
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    fn finish(self) -> Result<(), Unsupported> {
        self.text.push(self.end);
        Ok(())
    }
}

impl SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.next();
        value.serialize(Json(self.text))
    }

    fn end(self) -> Result<(), Unsupported> {
        self.finish()
    }
}

impl SerializeMap for Items<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unsupported> {
        self.next();
        key.serialize(Json(self.text))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.text.push(':');
        value.serialize(Json(self.text))
    }

    fn end(self) -> Result<(), Unsupported> {
        self.finish()
    }
}

impl SerializeStruct for Items<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unsupported> {
        self.field(key);
        value.serialize(Json(self.text))
    }

    fn end(self) -> Result<(), Unsupported> {
        self.finish()
    }
}

/// RFC 8259, section 7: quotes, backslashes and control characters are escaped.
#[inline(never)]
fn quote(text: &mut String, value: &str) {
    text.push('"');
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, special) = rest.split_at(at);
        text.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('\n') => text.push_str("\\n"),
            Some(quoted @ ('"' | '\\')) => {
                text.push('\\');
                text.push(quoted);
            }
            Some(control) => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
    text.push('"');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        text: String,
        by_lang: BTreeMap<String, String>,
        list: Vec<Kind>,
        nothing: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u32>,
        timestamp: i64,
        is_on: bool,
        priority: i8,
        inside: Option<Box<Sample>>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Chat,
    }

    fn sample(text: &str) -> Sample {
        Sample {
            text: text.to_owned(),
            by_lang: BTreeMap::from([(text.to_owned(), "one".to_owned()), ("\"".to_owned(), String::new())]),
            list: vec![Kind::Chat, Kind::Chat],
            nothing: None,
            left_out: None,
            timestamp: 1_780_000_000_123,
            is_on: true,
            priority: -128,
            inside: None,
        }
    }

    #[test]
    fn what_is_written_reads_as_what_serde_json_makes_of_it() {
        let every_control = (0..=0x1f_u8).map(char::from).collect::<String>();
        for text in ["", "a", "\"", "\\", "</script>", "a\"b\\c\nd", "\u{7f}\u{2028}\u{feff}", "\u{1f600}é", &every_control] {
            let value = Sample { inside: Some(Box::new(sample(text))), ..sample(text) };
            let mut written = String::new();
            write(&mut written, &value).unwrap();
            let read: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(read, json!(value), "{written}");
        }
    }

    #[test]
    fn a_shape_that_is_none_of_ours_is_refused() {
        assert!(write(&mut String::new(), &1.5).is_err());
        assert!(write(&mut String::new(), &(1, 2)).is_err());
        assert!(write(&mut String::new(), &()).is_err());
    }
}
