//! Models from the hub: `--model hf:OWNER/REPO/FILE.gguf`.
//!
//! `hf-hub` downloads, and goes on where an earlier download broke. It takes for whole whatever arrived,
//! so a file gets its name here only once its SHA-256 is right: the one that the hub itself names for a
//! large file, or `--sha256`. A file that has its name is used as it is, and nobody is asked about it
//! again, so a second chat works without a network.
//!
//! ```text
//! CACHE/models/hf/OWNER/REPO/FILE.gguf    whole and checked
//! CACHE/models/hf/OWNER/REPO/fetch/       what has arrived so far, in the layout of `hf-hub`
//! ```
//!
//! Who has a token of the hub in its usual place sends it along, as for models behind a licence.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use hf_hub::api::sync::{ApiBuilder, ApiError};
use sha2::{Digest, Sha256};

use super::say;

/// A file in a repository on the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    repository: String,
    file: String,
}

impl Name {
    /// Reads `OWNER/REPO/FILE.gguf`, where the file may lie in folders.
    ///
    /// # Errors
    ///
    /// Anything else; the text says what was expected.
    pub fn parse(name: &str) -> Result<Self, String> {
        let refused = || format!("`hf:{name}`: expected hf:OWNER/REPO/FILE.gguf");
        // The parts become folders of the cache, and none may lead out of it.
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c))
        };
        let mut parts = name.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(owner), Some(repo), Some(file))
                if name.split('/').all(plain) && file.ends_with(".gguf") =>
            {
                Ok(Self { repository: format!("{owner}/{repo}"), file: file.to_owned() })
            }
            _ => Err(refused()),
        }
    }
}

/// Where files are kept, and whom to ask for them.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder of models in the cache.
    pub models: PathBuf,
    /// The hub's address; its own, or what `HF_ENDPOINT` says, if this is `None`.
    pub endpoint: Option<String>,
}

impl Place {
    /// The cache that all checkouts share; `RUST_FOR_AI_CACHE` overrides the platform's folder.
    ///
    /// # Errors
    ///
    /// The platform names no such folder.
    pub fn of_the_user() -> Result<Self> {
        let cache = match std::env::var_os("RUST_FOR_AI_CACHE") {
            Some(folder) => folder.into(),
            None => dirs::cache_dir()
                .context("no cache folder known: set `RUST_FOR_AI_CACHE` to one")?
                .join("rust-for-ai"),
        };
        Ok(Self { models: cache.join("models"), endpoint: None })
    }
}

/// Gives the file's path, and fetches it first if it is not there.
///
/// # Errors
///
/// The hub does not answer or does not have the file, a download broke, or what arrived has another
/// SHA-256; then nothing is stored under the file's name.
pub fn fetch(name: &Name, sha256: Option<&str>, place: &Place) -> Result<PathBuf> {
    let asked = sha256.map(str::to_ascii_lowercase);
    if let Some(asked) = &asked {
        ensure!(
            is_sha256(asked),
            super::Usage(format!("`--sha256 {asked}`: expected 64 hexadecimal digits"))
        );
    }
    let home = place.models.join("hf").join(&name.repository);
    let path = home.join(&name.file);
    if path.is_file() {
        if let Some(asked) = &asked {
            let got = digest(&path)?;
            ensure!(got == *asked, "`{}`: expected the SHA-256 {asked}, got {got}", path.display());
        }
        return Ok(path);
    }
    let scratch = home.join("fetch");
    fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let mut api = ApiBuilder::from_env().with_cache_dir(scratch.clone()).with_retries(3);
    if let Some(endpoint) = &place.endpoint {
        api = api.with_endpoint(endpoint.clone());
    }
    let api = api.build().context("the hub's client")?;
    let repository = api.model(name.repository.clone());
    let file = format!("hf:{}/{}", name.repository, name.file);
    let promised =
        api.metadata(&repository.url(&name.file)).map_err(|error| explain(&file, &error))?;
    let wanted = match (asked, promised.etag()) {
        (Some(asked), _) => asked,
        (None, etag) if is_sha256(etag) => etag.to_owned(),
        (None, _) => bail!(
            "{file}: the hub names no SHA-256 for it\n\nhint: `--sha256 HEX` says which it must have"
        ),
    };
    // It becomes a file's name.
    ensure!(
        promised.etag().chars().all(|c| c.is_ascii_alphanumeric()),
        "{file}: expected an ETag of letters and digits, got `{}`",
        promised.etag().escape_debug()
    );
    say(&format!("fetching {file} ({} MB) to {}", promised.size() / 1_000_000, path.display()));
    let arrived = repository.download(&name.file).map_err(|error| explain(&file, &error))?;
    // It is a link to where the bytes are.
    let arrived = fs::canonicalize(&arrived).with_context(|| arrived.display().to_string())?;
    let got = digest(&arrived)?;
    if got != wanted {
        // Whatever it is, to go on from it is of no use.
        let _ = fs::remove_dir_all(&scratch);
        bail!("{file}: expected the SHA-256 {wanted}, got {got}; nothing was stored");
    }
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    fs::File::open(&arrived).and_then(|file| file.sync_all()).context("the disk")?;
    fs::rename(&arrived, &path).with_context(|| path.display().to_string())?;
    let _ = fs::remove_dir_all(&scratch);
    Ok(path)
}

fn explain(file: &str, error: &ApiError) -> anyhow::Error {
    anyhow::anyhow!(
        "{file}: the hub could not give it: {error}\n\n\
         hint: with a slow or closed network, run the same command again later: what has arrived is kept"
    )
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn digest(path: &Path) -> Result<String> {
    let mut file = fs::File::open(path).with_context(|| path.display().to_string())?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer).with_context(|| path.display().to_string())?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        let name = Name::parse("owner/a-repo.x/sub/F_1.gguf").expect("it is one");
        assert_eq!((&*name.repository, &*name.file), ("owner/a-repo.x", "sub/F_1.gguf"));
        for other in
            ["", "a/b", "a/b/c.bin", "a/../c.gguf", "a/b/..gguf", "/b/c.gguf", "a/b/c d.gguf"]
        {
            assert!(Name::parse(other).is_err_and(|error| error.contains("OWNER/REPO")), "{other}");
        }
    }
}
