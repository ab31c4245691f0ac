//! What an entity says of itself (XEP-0030, section 3, with the forms of XEP-0128), read by hand.

use serde::{Serialize, Serializer};

use super::super::sorted::Sorted;
use super::super::xml::Element;

pub(super) const NS_INFO: &str = "http://jabber.org/protocol/disco#info";
const NS_FORMS: &str = "jabber:x:data";

/// Who somebody is, and what they can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiscoInfo {
    pub identities: Vec<DiscoIdentity>,
    /// Namespaces as a rule.
    pub features: Vec<String>,
    pub forms: Vec<DiscoForm>,
    /// Something in it could not be read, so that no hash can stand for it.
    #[serde(skip)]
    pub(super) is_broken: bool,
    /// There is more in it than what is read.
    #[serde(skip)]
    pub(super) has_more: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiscoIdentity {
    pub category: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
}

/// More about somebody.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiscoForm {
    /// What its fields mean: its `FORM_TYPE` (XEP-0068).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(serialize_with = "as_map")]
    pub(super) fields: Sorted<Vec<String>>,
}

impl DiscoForm {
    /// The values of its fields, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.fields.iter().map(|(name, values)| (name, values.as_slice()))
    }
}

impl PartialEq for DiscoForm {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.fields().eq(other.fields())
    }
}

impl Eq for DiscoForm {}

fn as_map<S: Serializer>(fields: &Sorted<Vec<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter())
}

impl DiscoInfo {
    /// Of this client.
    pub(super) fn ours(name: &str, announced: &[&'static str]) -> Self {
        let identity = DiscoIdentity {
            category: "client".to_owned(),
            kind: "web".to_owned(),
            name: Some(name.to_owned()),
            lang: Some("en".to_owned()),
        };
        Self {
            identities: vec![identity],
            features: announced.iter().map(|&feature| feature.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// `lang_of` says which `xml:lang` counts.
    pub(crate) fn read<'a>(query: Element<'a>, lang_of: fn(Element<'a>) -> Option<&'a str>) -> Self {
        let mut info = Self::default();
        for child in query.children() {
            match (child.name(), child.namespace()) {
                ("identity", NS_INFO) => match (child.attr("category"), child.attr("type")) {
                    (Some(category), Some(kind)) if !category.is_empty() && !kind.is_empty() => {
                        info.identities.push(DiscoIdentity {
                            category: category.to_owned(),
                            kind: kind.to_owned(),
                            name: owned(child.attr("name")),
                            lang: owned(lang_of(child)),
                        })
                    }
                    _ => info.is_broken = true,
                },
                ("feature", NS_INFO) => match child.attr("var") {
                    Some(feature) if !feature.is_empty() => info.features.push(feature.to_owned()),
                    _ => info.is_broken = true,
                },
                ("x", NS_FORMS) => info.read_form(child),
                _ => info.has_more = true,
            }
        }
        info
    }

    fn read_form(&mut self, x: Element<'_>) {
        let mut form = DiscoForm::default();
        for child in x.children().filter(|child| child.namespace() == NS_FORMS) {
            match (child.name(), child.attr("var")) {
                ("field", Some(name)) => {
                    let mut values: Vec<String> = Vec::new();
                    values.extend(
                        child.children().filter(|child| child.is("value", NS_FORMS)).map(|value| value.text().into_owned()),
                    );
                    let is_kind = name == "FORM_TYPE" && child.attr("type") == Some("hidden");
                    // XEP-0115, section 5.4, rule 3.5: ill-formed with several that differ; more than one is no use in any case.
                    self.is_broken |= is_kind && (values.len() != 1 || form.kind.is_some());
                    if is_kind {
                        form.kind = values.pop().filter(|kind| !kind.is_empty());
                    } else {
                        self.is_broken |= form.fields.insert(name.to_owned(), values).is_some();
                    }
                }
                ("field", None) => self.is_broken = true,
                ("reported" | "item", _) => self.has_more = true,
                _ => {}
            }
        }
        self.forms.push(form);
    }

    /// Without what is not in the hash: XEP-0115, section 5.4, rule 3.6.
    pub(super) fn hashed(mut self) -> Self {
        self.forms.retain(|form| form.kind.is_some());
        self
    }

    /// About how many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let of_fields =
            |form: &DiscoForm| form.fields().flat_map(|(_, values)| values).map(|value| value.len() + 64).sum::<usize>();
        let features: usize = self.features.iter().map(|feature| feature.len() + 24).sum();
        features + self.identities.len() * 128 + self.forms.iter().map(of_fields).sum::<usize>()
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}
