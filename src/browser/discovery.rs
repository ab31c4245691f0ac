//! Fetching host metadata, in pages and in Workers, and finding out what a browser does not say about a fetch that failed.
//!
//! A page may have put something else in the place of `fetch`. What it returns is believed to be a JavaScript value, and no more.

use std::rc::Weak;

use futures::future::{AbortHandle, abortable};
use js_sys::{Array, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::proto::{HOST_META_BYTES, HostMeta, HostMetaFault, HostMetaFormat, Input, Link};

use super::driver::Driver;
use super::env;

#[wasm_bindgen]
extern "C" {
    // Globals, not methods of `window`: a Worker has them too.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &Object) -> Result<JsValue, JsValue>;

    type AbortController;

    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;

    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;

    type Response;

    #[wasm_bindgen(method, catch)]
    fn text(this: &Response) -> Result<JsValue, JsValue>;

    type Headers;

    #[wasm_bindgen(method, catch)]
    fn get(this: &Headers, name: &str) -> Result<JsValue, JsValue>;

    type Body;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn reader(this: &Body) -> Result<JsValue, JsValue>;

    type Reader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<JsValue, JsValue>;
}

/// A fetch under way. It is broken off when this is dropped.
pub(super) struct HostMetaFetch {
    task: AbortHandle,
    controller: AbortController,
}

impl HostMetaFetch {
    /// Starts one; the session is told what came of it.
    pub(super) fn start(driver: Weak<Driver>, id: u32, url: String, format: HostMetaFormat) -> Self {
        let controller = AbortController::new();
        let signal = controller.signal();
        let (work, task) = abortable(async move {
            let fetched = fetch_host_meta(&url, format, &signal).await;
            if let Some(driver) = driver.upgrade() {
                driver.input(Input::HostMeta { id, fetched });
            }
        });
        spawn_local(async {
            let _ = work.await;
        });
        Self { task, controller }
    }
}

impl Drop for HostMetaFetch {
    fn drop(&mut self) {
        self.task.abort();
        self.controller.abort();
    }
}

async fn fetch_host_meta(url: &str, format: HostMetaFormat, signal: &JsValue) -> Result<HostMeta, HostMetaFault> {
    let Some(response) = respond(url, "cors", signal).await else { return Err(diagnose(url, signal).await) };
    // XEP-0156, section 2.2: MUST be fetched only over HTTPS. A page that came over HTTPS cannot be led astray; others can.
    if string(&response, "url").is_some_and(|url| url.starts_with("http:")) {
        return Err(HostMetaFault::Unreadable("it was redirected to where nothing is encrypted".to_owned()));
    }
    if property(&response, "ok") != Some(JsValue::TRUE) {
        let status = property(&response, "status").and_then(|status| status.as_f64()).unwrap_or_default();
        return Err(HostMetaFault::Status(status as u16));
    }
    let text = read_text(&response).await?;
    match format {
        HostMetaFormat::Xrd => Ok(HostMeta::Xrd(text)),
        HostMetaFormat::Jrd => {
            let links = JSON::parse(text.trim_start_matches('\u{feff}')).ok().and_then(|jrd| links(&jrd));
            links
                .map(HostMeta::Links)
                .ok_or_else(|| HostMetaFault::Unreadable(format!("it is {}, and no JRD", media_type(&response))))
        }
    }
}

/// An object, in any case.
async fn respond(url: &str, mode: &str, signal: &JsValue) -> Option<JsValue> {
    let options = Object::new();
    // XEP-0156, section 3: only a request without credentials may be answered with `Access-Control-Allow-Origin: *`.
    for (name, value) in [("mode", mode), ("credentials", "omit"), ("referrerPolicy", "no-referrer")] {
        Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    Reflect::set(&options, &"signal".into(), signal).ok()?;
    settled(fetch(url, &options)).await.filter(JsValue::is_object)
}

/// A browser hides why a fetch failed. A request whose answer nobody may read it does not fail, wherever there is a server to answer it.
async fn diagnose(url: &str, signal: &JsValue) -> HostMetaFault {
    if env::is_offline() {
        return HostMetaFault::Offline;
    }
    match respond(url, "no-cors", signal).await {
        Some(_) => HostMetaFault::CorsMissing,
        None => HostMetaFault::Unreachable,
    }
}

async fn read_text(response: &JsValue) -> Result<String, HostMetaFault> {
    read_body(response).await.unwrap_or(Err(HostMetaFault::Unreachable))
}

/// Reads no more than is worth it, counted as it comes out of any compression. `None` where the answer breaks off.
async fn read_body(response: &JsValue) -> Option<Result<String, HostMetaFault>> {
    let Some(body) = property(response, "body").filter(JsValue::is_object) else {
        // A response without a body, which is empty, or one that does not come from a network.
        return settled(response.unchecked_ref::<Response>().text()).await?.as_string().map(Ok);
    };
    let reader = body.unchecked_ref::<Body>().reader().ok()?;
    let mut bytes = Vec::new();
    loop {
        let part = settled(reader.unchecked_ref::<Reader>().read()).await?;
        let Some(chunk) = property(&part, "value").and_then(|value| value.dyn_into::<Uint8Array>().ok()) else { break };
        if bytes.len() + chunk.length() as usize > HOST_META_BYTES {
            return Some(Err(HostMetaFault::TooLarge));
        }
        bytes.extend(chunk.to_vec());
    }
    Some(Ok(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The links of a JRD (RFC 6415, appendix A). One that is no link costs itself.
fn links(jrd: &JsValue) -> Option<Vec<Link>> {
    let links: Array = property(jrd, "links")?.dyn_into().ok()?;
    let read = |link: JsValue| Some(Link { rel: string(&link, "rel")?, href: string(&link, "href")? });
    Some(links.iter().filter_map(read).collect())
}

fn media_type(response: &JsValue) -> String {
    const MOST_BYTES: usize = 64;
    let headers = property(response, "headers").filter(JsValue::is_object);
    let value = headers.and_then(|headers| headers.unchecked_ref::<Headers>().get("Content-Type").ok()?.as_string());
    let value = value.as_deref().and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if value.is_empty() || value.len() > MOST_BYTES { "of no known type".to_owned() } else { value.to_owned() }
}

/// What a promise comes to, or the value itself if it is none. `None` where it fails.
async fn settled(value: Result<JsValue, JsValue>) -> Option<JsValue> {
    JsFuture::from(Promise::resolve(&value.ok()?)).await.ok()
}

/// `None` also where the value is no object.
fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok()
}

fn string(object: &JsValue, name: &str) -> Option<String> {
    property(object, name)?.as_string()
}
