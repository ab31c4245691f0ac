//! What is built: everything, or the core with some of the extensions. The package has both ends of it.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// `import "waxwing"`.
    Full,
    /// The core with these extensions, by their cargo features. Without any it is `import "waxwing/core"`; with some it is built to be measured.
    Core(Vec<String>),
}

impl Variant {
    pub(crate) fn core() -> Self {
        Self::Core(Vec::new())
    }

    /// What the package has.
    pub(crate) fn published() -> [Self; 2] {
        [Self::Full, Self::core()]
    }

    /// For the user.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Full => "full".to_owned(),
            Self::Core(extensions) if extensions.is_empty() => "core".to_owned(),
            Self::Core(extensions) => format!("core + {}", extensions.join(" + ")),
        }
    }

    /// The crate in crates/ that is compiled.
    pub(crate) fn package(&self) -> &'static str {
        match self {
            Self::Full => "waxwing-full",
            Self::Core(_) => "waxwing-core",
        }
    }

    /// For cargo.
    pub(crate) fn features(&self) -> Vec<String> {
        match self {
            Self::Full => Vec::new(),
            Self::Core(extensions) => extensions.iter().map(|extension| format!("--features=waxwing/{extension}")).collect(),
        }
    }

    /// wasm-bindgen's JavaScript, in the npm package.
    pub(crate) fn glue(&self) -> &'static str {
        match self {
            Self::Full => "waxwing.js",
            Self::Core(_) => "waxwing_core.js",
        }
    }

    pub(crate) fn module(&self) -> &'static str {
        match self {
            Self::Full => "waxwing_bg.wasm",
            Self::Core(_) => "waxwing_core_bg.wasm",
        }
    }
}
