//! What the browser knows.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type URL;

    #[wasm_bindgen(constructor, catch)]
    fn new(url: &str) -> Result<URL, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn hostname(this: &URL) -> String;
}

/// Normalization form KC.
pub(super) fn nfkc(text: &str) -> String {
    JsString::from(text).normalize("NFKC").into()
}

/// A domain as its A-labels, if it is valid to UTS 46 as the URL Standard has it: hyphens may be anywhere, labels have any length.
pub(super) fn to_ascii(domain: &str) -> Option<String> {
    // The label behind it has three uses. A host that ends in a number is an IPv4 address to the URL Standard. Chromium looks at
    // A-labels only where something is not ASCII. And an empty host would be none.
    const SUFFIX: &str = ".ä";
    const ASCII_SUFFIX: &str = ".xn--4ca";
    // Chromium escapes an asterisk in a host, Firefox allows neither it nor a quotation mark. IDNA sees in them what it sees in any other
    // sign of ASCII; there are those that become them, too.
    let domain = domain.replace(['"', '*', '\u{ff02}', '\u{fe61}', '\u{ff0a}'], "!");
    let url = URL::new(&["http://", &domain, SUFFIX].concat()).ok()?;
    Some(url.hostname().strip_suffix(ASCII_SUFFIX)?.to_owned())
}
