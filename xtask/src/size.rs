//! What a page has to download, of both builds and of each extension, against the committed budget.

mod budget;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use self::budget::{Budget, FILE, JAVASCRIPT, Sizes};
use crate::build::{self, Profile};
use crate::process;
use crate::project::{Project, cargo, write_if_changed};
use crate::variant::Variant;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Every extension is measured.
    pub(crate) is_each: bool,
    pub(crate) is_update: bool,
    pub(crate) may_raise_core: bool,
}

/// Makes the release build, and fails if it is over the budget.
pub(crate) fn check(project: &Project) -> Result<()> {
    run(project, Options::default())
}

pub(crate) fn run(project: &Project, options: Options) -> Result<()> {
    build::build(project, Profile::Release)?;
    let extensions = extensions(project)?;
    let core = measure(project, &Variant::core())?;
    let full = measure(project, &Variant::Full)?;
    let file = project.root.join(FILE);
    let old = std::fs::read(&file).ok().map(|text| Budget::read(&text)).transpose()?;
    print_build("core", Variant::core().module(), &core, old.as_ref().map(|budget| budget.core));
    print_build("full", Variant::Full.module(), &full, old.as_ref().map(Budget::full));

    let new = match &old {
        Some(budget) if options.is_update && !options.is_each => Some(complete(project, budget, &extensions, &full)?),
        _ if options.is_update || options.is_each => {
            let costs = costs(project, &[], &extensions, core.total(), &full)?;
            Some(Budget { core: core.total(), costs })
        }
        _ => None,
    };
    if let Some(new) = &new {
        print_costs(new, old.as_ref());
    }
    if !options.is_update {
        return judge(old.as_ref(), &extensions, core.total(), full.total());
    }
    let Some(mut new) = new else { return Ok(()) };
    if let Some(old) = old.filter(|_| !options.may_raise_core) {
        if core.total().is_over(old.core) {
            bail!(
                "The core has grown, and its budget only goes down. If that is worth it to every page, \
                 `cargo xtask size --update --raise-core` records it."
            );
        }
        new.core = old.core;
        new.lower_core(core.total());
    }
    write_if_changed(&file, &new.write()?)?;
    println!("Wrote {FILE}.");
    Ok(())
}

/// Whether all is as the budget has it.
fn judge(budget: Option<&Budget>, extensions: &[String], core: Sizes, full: Sizes) -> Result<()> {
    let Some(budget) = budget else { bail!("There is no budget yet: `cargo xtask size --update` writes {FILE}.") };
    let (_, new) = budget.sort(extensions);
    if !new.is_empty() {
        bail!("What {} costs is not recorded: `cargo xtask size --update` measures it; commit {FILE}.", new.join(", "));
    }
    let gone = budget.gone(extensions);
    if !gone.is_empty() {
        bail!("{FILE} has the cost of {}, which is no cargo feature: `cargo xtask size --update`.", gone.join(", "));
    }
    if core.is_over(budget.core) {
        bail!("The core is over its budget, as the table says. It only goes down: make it smaller.");
    }
    if full.is_over(budget.full()) {
        bail!(
            "The full build is over its budget, as the table says. Make it smaller; or, if what an extension brings is worth the bytes, \
             run `cargo xtask size --features --update`, commit {FILE} and put the new figures into the README."
        );
    }
    if budget.full().is_over(full) {
        println!(
            "The full build is smaller than its budget: `cargo xtask size --features --update` records what its extensions cost now."
        );
    }
    Ok(())
}

/// The budget with the extensions that are not in it yet. What is recorded of the others stays as it is.
fn complete(project: &Project, budget: &Budget, extensions: &[String], full: &Download) -> Result<Budget> {
    let (recorded, new) = budget.sort(extensions);
    let mut completed = budget.clone();
    completed.costs.retain(|(name, _)| recorded.contains(name));
    if !new.is_empty() {
        let before = measure(project, &Variant::Core(recorded.clone()))?.total();
        if before.is_over(completed.full()) {
            bail!("What was there before has grown too: `cargo xtask size --features --update` measures every extension anew.");
        }
        completed.costs.extend(costs(project, &recorded, &new, before, full)?);
    } else {
        completed.costs.push((JAVASCRIPT.to_owned(), own_javascript(project, full)?));
    }
    Ok(completed)
}

/// What each of `extensions` costs on top of `before` and of those in front of it; so all of them together are exactly what the full build
/// has more, and code that two of them share counts once. The last step is the full build itself.
fn costs(
    project: &Project,
    before: &[String],
    extensions: &[String],
    base: Sizes,
    full: &Download,
) -> Result<Vec<(String, Sizes)>> {
    let mut costs = Vec::new();
    let mut below = base;
    let mut present = before.to_vec();
    let own = own_javascript(project, full)?;
    for (at, extension) in extensions.iter().enumerate() {
        present.push(extension.clone());
        let is_last = at + 1 == extensions.len();
        let sizes = if is_last { full.total().minus(own) } else { measure(project, &Variant::Core(present.clone()))?.total() };
        costs.push((extension.clone(), sizes.minus(below)));
        below = sizes;
    }
    costs.push((JAVASCRIPT.to_owned(), own));
    Ok(costs)
}

/// The cargo features that the full build has, in the order of Cargo.toml.
fn extensions(project: &Project) -> Result<Vec<String>> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let metadata: Value =
        serde_json::from_str(&process::capture(Command::new(cargo()).args(arguments).current_dir(&project.root))?)?;
    let package = metadata["packages"].as_array().into_iter().flatten().find(|package| package["name"] == "waxwing");
    let features = package.and_then(|package| package["features"].as_object()).context("Cargo.toml has no features")?;
    let full = features.get("full").and_then(Value::as_array).context("Cargo.toml has no feature `full`")?;
    let extensions: Vec<String> = full.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    match features.keys().find(|name| !matches!(name.as_str(), "default" | "full") && !extensions.contains(name)) {
        Some(name) => bail!("The cargo feature `{name}` is not part of `full`."),
        None => Ok(extensions),
    }
}

/// What a page downloads of a build.
#[derive(Clone, Copy)]
struct Download {
    module: Sizes,
    javascript: Sizes,
}

impl Download {
    fn total(&self) -> Sizes {
        self.module.plus(self.javascript)
    }
}

fn measure(project: &Project, variant: &Variant) -> Result<Download> {
    let entry = if *variant == Variant::Full { "index.js" } else { "core.js" };
    measure_entry(project, variant, entry)
}

/// What the full build has in JavaScript beyond the core's.
fn own_javascript(project: &Project, full: &Download) -> Result<Sizes> {
    Ok(full.javascript.minus(measure_entry(project, &Variant::Full, "core.js")?.javascript))
}

fn measure_entry(project: &Project, variant: &Variant, entry: &str) -> Result<Download> {
    let folder = build::build_variant(project, Profile::Release, variant)?;
    let path = |file: &Path| file.to_string_lossy().into_owned();
    let what = json!({
        "root": path(&project.root),
        "entry": entry,
        "glue": path(&folder.join(variant.glue())),
        "module": path(&folder.join(variant.module())),
    });
    let script = project.root.join("xtask/src/size/measure.mjs");
    let printed: Value = serde_json::from_str(&process::capture(Command::new("node").arg(script).arg(what.to_string()))?)?;
    let sizes = |name: &str| Sizes(std::array::from_fn(|kind| printed[name][kind].as_i64().unwrap_or_default()));
    Ok(Download { module: sizes("module"), javascript: sizes("javascript") })
}

fn print_build(title: &str, module: &str, download: &Download, allowed: Option<Sizes>) {
    println!("\n{:<28}{:>12}{:>12}{:>12}", format!("{title}, bytes"), "raw", "gzip -9", "brotli -11");
    print_row(module, download.module, None);
    print_row("JavaScript, minified", download.javascript, None);
    print_row("together", download.total(), allowed.map(|allowed| ("against the budget", download.total().minus(allowed))));
}

fn print_costs(budget: &Budget, old: Option<&Budget>) {
    println!("\n{:<28}{:>12}{:>12}{:>12}", "an extension costs, bytes", "raw", "gzip -9", "brotli -11");
    for (name, cost) in &budget.costs {
        let recorded = old.and_then(|old| old.cost(name)).map(|recorded| ("against what was recorded", cost.minus(recorded)));
        let title = if name == JAVASCRIPT { "JavaScript for them" } else { name };
        print_row(title, *cost, recorded);
    }
}

fn print_row(title: &str, sizes: Sizes, difference: Option<(&str, Sizes)>) {
    let [raw, gzip, brotli] = sizes.0;
    let difference = difference.map(|(what, Sizes([raw, gzip, brotli]))| format!("   ({raw:+}, {gzip:+}, {brotli:+} {what})"));
    println!("{title:<28}{raw:>12}{gzip:>12}{brotli:>12}{}", difference.unwrap_or_default());
}
