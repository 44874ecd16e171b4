//! The model's file, and what is made of it: tokenizer, template, engine, and the banner that names
//! them all. What runs is always said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use rust_for_ai::llama::gguf::{File, OpenError};
use rust_for_ai::llama::template::Template;
use rust_for_ai::llama::tokenizer::Tokenizer;
use rust_for_ai::llama::{CandleEngine, Engine, Model, Session, native};

use super::{EngineKind, Options, Usage};

/// The learner's answers that are around the model, in a build that has them.
#[cfg(feature = "mine")]
type Talk = crate::mine::Talk;
#[cfg(not(feature = "mine"))]
type Talk = ();

/// What a conversation needs of a model.
pub(super) struct Loaded {
    pub(super) tokenizer: Tokenizer,
    pub(super) template: Template,
    pub(super) engine: Box<dyn Engine>,
    /// The learner's answers that are around the model.
    pub(super) talk: Talk,
    /// A few lines for a person.
    pub(super) banner: String,
}

/// Loads what the options name.
pub(super) fn load(options: &Options) -> Result<Loaded> {
    let path = path(options)?;
    let file = Arc::new(File::open(&path).map_err(|error| explain(error, &path))?);
    let recognised = Template::recognise(file.gguf());
    let template = match (&options.template, recognised) {
        // The file's own, with its default system prompt.
        (Some(asked), Ok(own)) if own.style == asked.style => own,
        (Some(asked), _) => asked.clone(),
        (None, own) => own.map_err(|error| anyhow!("{error}\n\nhint: {}", error.hint()))?,
    };
    // Each takes some tenths of a second.
    let (tokenizer, engine) = thread::scope(|scope| {
        let tokenizer = scope.spawn(|| Tokenizer::from_gguf(file.gguf()));
        let engine = engine(&file, options);
        (tokenizer.join(), engine)
    });
    let tokenizer = tokenizer.map_err(|_| anyhow!("the tokenizer could not be loaded"))?;
    let (tokenizer, (engine, talk)) = (tokenizer.context("the tokenizer")?, engine?);
    let banner = banner(&path, &file, &template, &*engine);
    Ok(Loaded { tokenizer, template, engine, talk, banner })
}

fn explain(error: OpenError, path: &Path) -> anyhow::Error {
    match error.hint() {
        Some(hint) => anyhow!("{error}\n\nhint: {hint}"),
        None if !path.exists() => anyhow!(
            "{error}\n\nhint: `--model` takes the path of a GGUF file; `cargo lab model` fetches a small one, \
             which `cargo lab chat` takes by itself"
        ),
        None => anyhow!(error),
    }
}

/// Where the file is, fetched if need be.
fn path(options: &Options) -> Result<PathBuf> {
    let Some(model) = &options.model else {
        let hint = "`--model PATH` names a GGUF file; `cargo lab chat` takes the small model";
        return Err(Usage(format!("no model was named\n\nhint: {hint}")).into());
    };
    match model.strip_prefix("hf:") {
        Some(name) => from_hub(name, options.sha256.as_deref()),
        None if options.sha256.is_some() => {
            Err(Usage("`--sha256` is for a model from the hub, `--model hf:…`".to_owned()).into())
        }
        None => Ok(model.into()),
    }
}

#[cfg(feature = "hub")]
fn from_hub(name: &str, sha256: Option<&str>) -> Result<PathBuf> {
    let file = super::hub::Name::parse(name).map_err(Usage)?;
    super::hub::fetch(&file, sha256, &super::hub::Place::of_the_user()?)
}

#[cfg(not(feature = "hub"))]
fn from_hub(name: &str, _: Option<&str>) -> Result<PathBuf> {
    anyhow::bail!(
        "this chat was built without the feature `hub`, so it cannot fetch `hf:{name}`\n\n\
         hint: `cargo lab chat --model hf:{name}` builds it in; else add `--features hub`"
    )
}

/// What runs the model, and the learner's answers around it.
fn engine(file: &Arc<File>, options: &Options) -> Result<(Box<dyn Engine>, Talk)> {
    let context = usize::try_from(options.context).context("--context")?;
    let engine: Box<dyn Engine> = match options.engine {
        EngineKind::Native => {
            let model = Arc::new(Model::load(file)?);
            Box::new(Session::with_context(&model, context))
        }
        EngineKind::Candle => Box::new(CandleEngine::load(file)?.with_context(context)),
        EngineKind::Mine => return mine(file, context),
    };
    Ok((engine, Talk::default()))
}

/// The learner's answers; whose each part is stands in front of the banner.
#[cfg(feature = "mine")]
fn mine(file: &Arc<File>, context: usize) -> Result<(Box<dyn Engine>, Talk)> {
    let program = std::env::current_exe().context("the path of this program")?;
    let chosen = crate::mine::chosen(&crate::mine::grade(&program));
    super::say(&chosen.banner());
    let model = Arc::new(Model::load(file)?);
    Ok((Box::new(crate::mine::engine(&model, chosen.parts, context)?), chosen.talk))
}

#[cfg(not(feature = "mine"))]
fn mine(_: &Arc<File>, _: usize) -> Result<(Box<dyn Engine>, Talk)> {
    anyhow::bail!(
        "this chat was built without the feature `mine`, so it has no answers of yours\n\n\
         hint: `cargo lab chat --engine mine` builds them in; else add `--features mine`"
    )
}

/// What runs, in a few lines.
fn banner(path: &Path, file: &File, template: &Template, engine: &dyn Engine) -> String {
    let gguf = file.gguf();
    let text = |key: &str| gguf.get(key).and_then(|_| gguf.str(key).ok()).map(str::to_owned);
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let trained = gguf.u64("llama.context_length").ok();
    let of = trained.map_or_else(String::new, |trained| format!(" of {trained}"));
    format!(
        "{name}: {}, {} MB of {}, licence {}\n\
         engine {} on {} threads, context {}{of} positions, template {}\n\
         Ctrl-C stops an answer, /help lists the commands, Ctrl-D leaves\n",
        text("general.name").unwrap_or_else(|| "a model without a name".to_owned()),
        file.len() / 1_000_000,
        formats(file),
        text("general.license").unwrap_or_else(|| "not named in the file".to_owned()),
        engine.name(),
        native::threads(),
        engine.context(),
        template.style.name(),
    )
}

/// The formats of most of the weights.
fn formats(file: &File) -> String {
    let mut bytes = BTreeMap::<&str, usize>::new();
    for tensor in file.gguf().tensors() {
        *bytes.entry(tensor.format.name()).or_default() += tensor.range.len();
    }
    let mut bytes: Vec<(&str, usize)> = bytes.into_iter().collect();
    bytes.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
    let all: usize = bytes.iter().map(|(_, bytes)| bytes).sum();
    // What holds less than a twentieth is norms and the like.
    bytes.retain(|(_, bytes)| bytes * 20 >= all);
    let names: Vec<&str> = bytes.into_iter().map(|(name, _)| name).collect();
    names.join(" and ")
}
