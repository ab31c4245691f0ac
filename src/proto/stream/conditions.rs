//! The shape that stream errors and SASL failures share: a condition, a text, an application's own condition.

use super::super::error::{ApplicationCondition, Code, Error};
use super::super::xml::Element;

pub(crate) struct Conditions {
    condition: Option<String>,
    text: Option<String>,
    application_condition: Option<ApplicationCondition>,
}

impl Conditions {
    /// Reads the children; the defined conditions and the text are those in one of the `namespaces`.
    pub(crate) fn read(element: Element<'_>, namespaces: &[&str]) -> Self {
        let mut found = Self { condition: None, text: None, application_condition: None };
        for child in element.children() {
            let name = child.name();
            if !namespaces.contains(&child.namespace()) {
                found.application_condition =
                    Some(ApplicationCondition { name: name.to_owned(), xmlns: child.namespace().to_owned() });
            } else if name == "text" {
                found.text = Some(child.text().into_owned());
            } else {
                found.condition = Some(name.to_owned());
            }
        }
        found
    }

    pub(crate) fn into_error(self, code: Code, what: &str, default: &str) -> Error {
        let condition = self.condition.unwrap_or_else(|| default.to_owned());
        let mut message = format!("{what}: {condition}");
        if let Some(text) = &self.text {
            message.push_str(": ");
            message.push_str(text);
        }
        let mut error = Error::new(code, message).condition(condition);
        error.text = self.text;
        error.application_condition = self.application_condition;
        error
    }
}
