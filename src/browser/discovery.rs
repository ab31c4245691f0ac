//! Fetching host metadata, in pages and in Workers, and finding out what a browser does not say about a fetch that failed.

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
    fn fetch(url: &str, options: &Object) -> Result<Promise, JsValue>;

    type AbortController;

    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;

    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;

    type Response;

    #[wasm_bindgen(method, getter)]
    fn ok(this: &Response) -> bool;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;

    #[wasm_bindgen(method, getter)]
    fn headers(this: &Response) -> Headers;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Response) -> Option<Body>;

    type Headers;

    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> Option<String>;

    type Body;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn reader(this: &Body) -> Result<Reader, JsValue>;

    type Reader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader) -> Result<Promise, JsValue>;
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
    if !response.ok() {
        return Err(HostMetaFault::Status(response.status()));
    }
    let media_type = response.headers().get("Content-Type").unwrap_or_default();
    let text = read_text(&response).await?;
    match format {
        HostMetaFormat::Xrd => Ok(HostMeta::Xrd(text)),
        HostMetaFormat::Jrd => {
            let unreadable = || HostMetaFault::Unreadable(format!("it is {}, and no JRD", shown(&media_type)));
            let links = JSON::parse(text.trim_start_matches('\u{feff}')).ok().as_ref().and_then(links);
            links.map(HostMeta::Links).ok_or_else(unreadable)
        }
    }
}

async fn respond(url: &str, mode: &str, signal: &JsValue) -> Option<Response> {
    let options = Object::new();
    // XEP-0156, section 3: only a request without credentials may be answered with `Access-Control-Allow-Origin: *`.
    for (name, value) in [("mode", mode), ("credentials", "omit"), ("referrerPolicy", "no-referrer")] {
        Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    Reflect::set(&options, &"signal".into(), signal).ok()?;
    let response = JsFuture::from(fetch(url, &options).ok()?).await.ok()?;
    Some(response.unchecked_into())
}

/// A browser hides why a fetch failed. What it tells nobody is what it lets everybody ask: a request whose answer nobody can read succeeds
/// wherever there is a server.
async fn diagnose(url: &str, signal: &JsValue) -> HostMetaFault {
    if env::is_offline() {
        return HostMetaFault::Offline;
    }
    match respond(url, "no-cors", signal).await {
        Some(_) => HostMetaFault::CorsMissing,
        None => HostMetaFault::Unreachable,
    }
}

/// Reads no more than is worth it, counted as it comes out of any compression.
async fn read_text(response: &Response) -> Result<String, HostMetaFault> {
    let mut bytes = Vec::new();
    // A response without a body has none to read.
    let Some(body) = response.body() else { return Ok(String::new()) };
    let reader = body.reader().map_err(|_| HostMetaFault::Unreachable)?;
    loop {
        let read = reader.read().map_err(|_| HostMetaFault::Unreachable)?;
        let part = JsFuture::from(read).await.map_err(|_| HostMetaFault::Unreachable)?;
        let Some(chunk) = property(&part, "value").and_then(|value| value.dyn_into::<Uint8Array>().ok()) else { break };
        if bytes.len() + chunk.length() as usize > HOST_META_BYTES {
            return Err(HostMetaFault::TooLarge);
        }
        bytes.extend(chunk.to_vec());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The links of a JRD (RFC 6415, appendix A). One that is no link costs itself.
fn links(jrd: &JsValue) -> Option<Vec<Link>> {
    let links: Array = property(jrd, "links")?.dyn_into().ok()?;
    let read =
        |link: JsValue| Some(Link { rel: property(&link, "rel")?.as_string()?, href: property(&link, "href")?.as_string()? });
    Some(links.iter().filter_map(read).collect())
}

/// `None` also where the value is no object.
fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok()
}

fn shown(media_type: &str) -> &str {
    let name = media_type.split(';').next().unwrap_or_default().trim();
    if name.is_empty() || name.len() > 64 { "of no known type" } else { name }
}
