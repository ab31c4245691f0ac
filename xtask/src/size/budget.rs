//! The committed budget (xtask/size-budget.json): what the core may weigh, and what each extension adds to it.
//!
//! The core only goes down. The full build may weigh what the core does and what is recorded for its extensions, so it grows only in a
//! commit that says by how much, and for what.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

pub(super) const FILE: &str = "xtask/size-budget.json";
/// What the entry of the full build has in JavaScript beyond that of the core. It stands behind the extensions.
pub(super) const JAVASCRIPT: &str = "javascript";
const KINDS: [&str; 3] = ["raw", "gzip", "brotli"];
/// Another version of Rust compiles a little differently: one percent.
const NOISE: i64 = 100;

/// Raw, gzip -9 and brotli -11, in bytes. A difference may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes(pub(super) [i64; 3]);

impl Sizes {
    pub(super) fn each(self, other: Self, combine: impl Fn(i64, i64) -> i64) -> Self {
        Self(std::array::from_fn(|kind| combine(self.0[kind], other.0[kind])))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    /// Whether any of it is more than `recorded`, and by more than noise.
    pub(super) fn is_over(self, recorded: Self) -> bool {
        self.0.iter().zip(recorded.0).any(|(size, recorded)| *size > recorded + recorded / NOISE)
    }

    fn read(value: &Value) -> Result<Self> {
        let mut sizes = [0; 3];
        for (size, kind) in sizes.iter_mut().zip(KINDS) {
            *size = value[kind].as_i64().with_context(|| format!("{FILE} lacks a figure for {kind}"))?;
        }
        Ok(Self(sizes))
    }

    fn to_json(self) -> Value {
        let [raw, gzip, brotli] = self.0;
        json!({ KINDS[0]: raw, KINDS[1]: gzip, KINDS[2]: brotli })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) core: Sizes,
    /// In the order in which they were measured, each on top of those before it.
    pub(super) costs: Vec<(String, Sizes)>,
}

impl Budget {
    pub(super) fn read(text: &[u8]) -> Result<Self> {
        let budget: Value = serde_json::from_slice(text).with_context(|| format!("{FILE} is not JSON"))?;
        let costs = budget["features"].as_object().with_context(|| format!("{FILE} has no features"))?;
        let costs = costs.iter().map(|(name, cost)| Ok((name.clone(), Sizes::read(cost)?))).collect::<Result<_>>()?;
        Ok(Self { core: Sizes::read(&budget["core"])?, costs })
    }

    pub(super) fn write(&self) -> Result<Vec<u8>> {
        let costs: Map<String, Value> = self.costs.iter().map(|(name, cost)| (name.clone(), cost.to_json())).collect();
        let mut text = serde_json::to_vec_pretty(&json!({ "core": self.core.to_json(), "features": costs }))?;
        text.push(b'\n');
        Ok(text)
    }

    /// What the full build may weigh.
    pub(super) fn full(&self) -> Sizes {
        self.costs.iter().fold(self.core, |sum, (_, cost)| sum.plus(*cost))
    }

    pub(super) fn cost(&self, name: &str) -> Option<Sizes> {
        self.costs.iter().find(|(known, _)| known == name).map(|(_, cost)| *cost)
    }

    /// The recorded extensions that are there, in their order, and those that are not recorded yet.
    pub(super) fn sort(&self, extensions: &[String]) -> (Vec<String>, Vec<String>) {
        let recorded = self.costs.iter().map(|(name, _)| name.clone()).filter(|name| extensions.contains(name)).collect();
        let new = extensions.iter().filter(|name| self.cost(name).is_none()).cloned().collect();
        (recorded, new)
    }

    /// Recorded extensions that are not there any more.
    pub(super) fn gone(&self, extensions: &[String]) -> Vec<&str> {
        let names = self.costs.iter().map(|(name, _)| name.as_str());
        names.filter(|name| *name != JAVASCRIPT && !extensions.iter().any(|extension| extension == name)).collect()
    }

    /// The core only goes down: each figure by itself.
    pub(super) fn lower_core(&mut self, measured: Sizes) {
        self.core = self.core.each(measured, i64::min);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(size: i64) -> Sizes {
        Sizes([size, 500, 400])
    }

    fn budget() -> Budget {
        let costs = [("archive", 200), ("time", 10), (JAVASCRIPT, -1)];
        Budget { core: sizes(1_000), costs: costs.map(|(name, raw)| (name.to_owned(), Sizes([raw, 5, 4]))).to_vec() }
    }

    #[test]
    fn a_budget_that_is_written_is_read_back_in_its_order() {
        assert_eq!(Budget::read(&budget().write().unwrap()).unwrap(), budget());
        assert!(Budget::read(b"{}").is_err());
    }

    #[test]
    fn the_full_build_may_weigh_what_the_core_does_and_what_is_recorded_for_its_extensions() {
        assert_eq!(budget().full(), Sizes([1_209, 515, 412]));
    }

    #[test]
    fn one_percent_is_noise_and_more_is_over_in_whatever_figure() {
        assert!(!sizes(1_010).is_over(sizes(1_000)));
        assert!(sizes(1_011).is_over(sizes(1_000)));
        assert!(Sizes([1, 506, 1]).is_over(sizes(1_000)));
    }

    #[test]
    fn the_core_only_goes_down_each_figure_by_itself() {
        let mut budget = budget();
        budget.lower_core(Sizes([900, 600, 400]));
        assert_eq!(budget.core, Sizes([900, 500, 400]));
    }

    #[test]
    fn extensions_are_told_apart_by_whether_their_cost_is_known() {
        let extensions = ["rooms", "time"].map(str::to_owned);
        assert_eq!(budget().sort(&extensions), (vec!["time".to_owned()], vec!["rooms".to_owned()]));
        assert_eq!(budget().gone(&extensions), ["archive"]);
    }
}
