//! Laying pkg/: what pkg-template/ holds, with the version stamped, the licences and notices, and the compiled parts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::notices;
use crate::project::{Project, write_if_changed};

/// Makes pkg/ hold exactly the template and the compiled parts, touching only files that change.
pub(crate) fn lay(project: &Project, compiled: &[PathBuf]) -> Result<()> {
    let mut files = read_tree(&project.root.join("pkg-template"))?;
    let manifest = files.get_mut(Path::new("package.json")).context("pkg-template/package.json is missing")?;
    *manifest = stamp(manifest, &project.version)?;
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let licence = std::fs::read(project.root.join(name)).with_context(|| format!("{name} cannot be read"))?;
        files.insert(name.into(), licence);
    }
    files.insert("THIRD-PARTY-NOTICES.md".into(), notices::write(project)?.into_bytes());
    let mut parts = Vec::new();
    for folder in compiled {
        parts.extend(read_tree(folder)?.into_iter().filter(|(path, _)| !is_hidden(path)));
    }
    for (path, content) in parts {
        if files.insert(path.clone(), content).is_some() {
            bail!("pkg-template/{} would be overwritten by the build; give it another name.", path.display());
        }
    }
    let pkg = project.pkg();
    for (path, content) in &files {
        write_if_changed(&pkg.join(path), content)?;
    }
    for path in read_tree(&pkg)?.into_keys().filter(|path| !files.contains_key(path)) {
        std::fs::remove_file(pkg.join(path))?;
    }
    Ok(())
}

fn stamp(manifest: &[u8], version: &str) -> Result<Vec<u8>> {
    let mut manifest: Value = serde_json::from_slice(manifest).context("pkg-template/package.json is not JSON")?;
    manifest["version"] = version.into();
    let mut text = serde_json::to_vec_pretty(&manifest)?;
    text.push(b'\n');
    Ok(text)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// All files below a folder, by their path inside it.
fn read_tree(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(inside) = waiting.pop() {
        let here = folder.join(&inside);
        let entries = std::fs::read_dir(&here).with_context(|| format!("{} cannot be read", here.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = inside.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                waiting.push(path);
            } else {
                files.insert(path, std::fs::read(entry.path())?);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_stamped_and_the_order_of_fields_kept() {
        let stamped = stamp(br#"{"name":"waxwing","version":"0.0.0","type":"module"}"#, "1.2.3").unwrap();
        let text = String::from_utf8(stamped).unwrap();
        assert_eq!(text, "{\n  \"name\": \"waxwing\",\n  \"version\": \"1.2.3\",\n  \"type\": \"module\"\n}\n");
    }
}
