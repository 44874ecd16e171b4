//! The subcommands: their words, and one function each. Longer than most files here, so that all words of the command
//! line, and what `--help` says of them, stand in one place.

mod check;
mod help_steps;
mod report;
mod status;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use rust_for_ai::course::{self, Chapter, Stage};
use rust_for_ai::interview;

use crate::place::Place;
use crate::run::{print, say};
use crate::store::Real;
use crate::{
    answers, chat, model, new_stage, quiz, setup, stubs, tokenize, update, verify, vocabulary,
    witness,
};

const EXAMPLES: &str = "\
Examples:
  cargo lab                     set up what is missing, open the workbook
  cargo lab check               grade everything, show the first stage that does not pass
  cargo lab check bpe.merge     grade one stage (`merge` is enough)
  cargo lab hint merge          one step of the ladder; again for the next
  cargo lab watch               grade on every save

Exit codes: 0 all is well, 1 a stage does not pass, 2 it could not be done (the answers do not
compile, wrong usage, a failing disk).";

const CHECK: &str = "\
Examples:
  cargo lab check bpe.merge
  cargo lab check bpe
  cargo lab check --json
  cargo lab check --all --json     one document for autograders; docs/class.md tells each field

Exit codes with --all: 0 whatever could be graded passes, 1 a stage fails, is not started or does not
compile, 2 a chapter could not be graded for another reason; in each case the document is printed.";

const CHAT: &str = "\
Examples:
  cargo lab chat
  cargo lab chat --prompt \"What is the capital of France? Answer in one word.\"
  cargo lab chat --model PATH/TO/model.gguf --temperature 0";

const TOKENIZE: &str = "\
Examples:
  cargo lab tokenize data/declaration.tsv target/declaration
  cargo lab tokenize web.ndjson tokens --pack 2048 --encoding gpt2";

const QUIZ: &str = "\
Read the question, answer aloud, press Enter, compare; then say how it went. A card that you knew comes
again after 1, 2, 4, 7 and 14 days, one that you did not tomorrow. Ctrl-D or Ctrl-C ends it, and nothing is
lost: each answer is stored at once, in .lab/quiz.txt.

Examples:
  cargo lab quiz
  cargo lab quiz --level senior --count 5
  cargo lab quiz --export cards.tsv";

const UPDATE: &str = "\
An answer or notebook that you wrote into stays as it is; if its task changed, the new file lies
beside it, as merge.new.rs. Compare the two in your editor, copy over what you need, and delete the
new one; or start from it: `cargo lab reset bpe.merge` keeps yours. What else is replaced is kept
below .lab/backups/.

In a git clone, the new version is fetched from `upstream` if there is such a remote, else from
`origin`; no commit, stash or merge is made. If it is interrupted, the same command goes on.

Examples:
  cargo lab update --dry-run
  cargo lab update
  cargo lab update --from ../rust-for-ai-new";

/// The command line of Rust for AI.
///
/// Without a subcommand: sets up what is missing and opens the workbook in JupyterLab.
#[derive(Debug, Parser)]
#[command(name = "lab", bin_name = "cargo lab", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    open: Open,
}

#[derive(Debug, Args)]
struct Open {
    /// Print the address instead of opening a browser
    #[arg(long)]
    no_browser: bool,
    /// The port to listen on, on loopback; the next free one if it is taken
    #[arg(long, default_value_t = 8888)]
    port: u16,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show progress by chapter and the next stage
    #[command(after_help = "Example:\n  cargo lab status --json | jq .next")]
    Status {
        /// For programs: one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Grade a stage, a chapter, or everything
    #[command(
        after_help = CHECK
    )]
    Check {
        /// A stage (`bpe.merge`, or `merge`) or a chapter (`bpe`); everything if left out
        id: Option<String>,
        /// For programs: one JSON object
        #[arg(long)]
        json: bool,
        /// For autograders: every stage of the course, also those that could not be graded, and why
        #[arg(long, requires = "json", conflicts_with = "id")]
        all: bool,
        /// With `--all`: also the stages that need a build of their own (Candle and Polars take minutes)
        #[arg(long, requires = "all")]
        apart: bool,
    },
    /// Grade again whenever an answer is saved; Ctrl-C ends it
    #[command(after_help = "Examples:\n  cargo lab watch\n  cargo lab watch bpe")]
    Watch {
        /// A stage or a chapter; else the stage whose file is saved
        id: Option<String>,
    },
    /// Show one more step of a stage's hints
    #[command(after_help = "Example:\n  cargo lab hint bpe.merge")]
    Hint {
        /// The stage
        id: String,
    },
    /// Show your answer beside the reference answer, once yours passes
    #[command(
        after_help = "Examples:\n  cargo lab solution bpe.merge\n  cargo lab solution bpe.merge --spoil"
    )]
    Solution {
        /// The stage
        id: String,
        /// Show it although the stage does not pass
        #[arg(long)]
        spoil: bool,
    },
    /// Start a stage afresh; your answer is kept
    #[command(
        after_help = "Examples:\n  cargo lab reset bpe.merge\n  cargo lab reset bpe --python"
    )]
    Reset {
        /// The stage; with `--python` the chapter
        id: String,
        /// The chapter's answers in Python, which are one file
        #[arg(long)]
        python: bool,
    },
    /// Put back the answer that the last reset took away
    #[command(
        after_help = "Examples:\n  cargo lab undo\n  cargo lab undo bpe.merge\n  cargo lab undo bpe --python"
    )]
    Undo {
        /// The stage, with `--python` the chapter; else what was reset last
        id: Option<String>,
        /// The chapter's answers in Python, which are one file
        #[arg(long, requires = "id")]
        python: bool,
    },
    /// Take a new version of the workbook; what you wrote stays
    #[command(after_help = UPDATE)]
    Update {
        /// From an unpacked version, without the network; else git is asked
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
        /// Show what would happen, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Say what is missing, what the next build costs, and which command mends it
    Doctor,
    /// Set up what is missing, in the foreground, and open nothing
    #[command(
        after_help = "Examples:\n  cargo lab setup\n  cargo lab setup kernel\n  cargo lab setup --chapter frames\n  cargo lab setup python --chapter frames"
    )]
    Setup {
        /// Only this part
        #[arg(value_enum)]
        part: Option<setup::Part>,
        /// Also what this chapter alone needs and takes minutes to compile
        #[arg(long, value_parser = heavy_chapter)]
        chapter: Option<&'static Chapter>,
    },
    /// Fetch a vocabulary that may not be in this project, once you accept its licence
    #[command(
        after_help = "Examples:\n  cargo lab vocabulary llama2\n  cargo lab vocabulary llama2 --accept-licence"
    )]
    Vocabulary {
        /// Which
        #[arg(value_enum)]
        which: vocabulary::Vocabulary,
        /// Say that you accept the licence, instead of being asked
        #[arg(long)]
        accept_licence: bool,
    },
    /// Fetch the small model that the chapter `llama` chats with (93 MB), once you said yes
    #[command(
        after_help = "Examples:\n  cargo lab model\n  cargo lab model --yes\n  cargo lab model --path"
    )]
    Model {
        /// Say yes, instead of being asked
        #[arg(long, conflicts_with = "path")]
        yes: bool,
        /// Print where it is, and fetch nothing
        #[arg(long)]
        path: bool,
    },
    /// Chat with a model in the terminal; the first time, the chat is built, which takes minutes
    #[command(disable_help_flag = true, after_help = CHAT)]
    Chat {
        /// What the chat itself understands; `cargo lab chat --help` shows it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
        options: Vec<OsString>,
    },
    /// Turn a corpus of texts into Parquet files of token ids; the first time, minutes are spent on building it
    #[command(disable_help_flag = true, after_help = TOKENIZE)]
    Tokenize {
        /// IN, OUT and options; `cargo lab tokenize --help` shows them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
        options: Vec<OsString>,
    },
    /// Ask questions of interviews as flash cards; what you know comes again later
    #[command(after_help = QUIZ)]
    Quiz {
        /// From this page of the reading only
        #[arg(long, value_enum)]
        level: Option<Level>,
        /// At most so many cards
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
        count: u16,
        /// Ask nothing, write all cards into a file that Anki imports
        #[arg(long, value_name = "FILE.tsv")]
        export: Option<PathBuf>,
    },
    /// Run all that CI runs; the tree must be as it is committed
    #[command(
        after_help = "Examples:\n  cargo lab verify\n  cargo lab verify --only notebooks\n  cargo lab verify --cold"
    )]
    Verify {
        /// Use no cache of the workbook's own (the Rust kernel is built anew)
        #[arg(long)]
        cold: bool,
        /// Only this step
        #[arg(long)]
        only: Option<String>,
        /// Fetch Llama-2's vocabulary and compare ids under it; says that you accept its licence
        #[arg(long)]
        accept_llama2_licence: bool,
        /// Fetch the small model, 93 MB; then tests that need it must run
        #[arg(long)]
        fetch_model: bool,
    },
    /// Listen to a check in a notebook; started by the check itself
    #[command(hide = true)]
    Witness,
    /// For those who write the workbook
    #[command(subcommand)]
    Dev(Dev),
}

/// A page of the interview reading.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Mid,
    Senior,
    Principal,
}

impl From<Level> for interview::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Mid => Self::Mid,
            Level::Senior => Self::Senior,
            Level::Principal => Self::Principal,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Dev {
    /// Write a new stage that compiles and passes, in every place that names stages
    #[command(after_help = "Example:\n  cargo lab dev new bpe.split --after pair_counts")]
    New {
        /// The new stage, CHAPTER.STAGE
        id: String,
        /// The stage of the same chapter that it follows; else the last
        #[arg(long, value_name = "STAGE")]
        after: Option<String>,
    },
    /// Make `exercises/` from `solutions/`; answers in it are kept as by a reset
    Stubs {
        /// Compare instead of writing
        #[arg(long)]
        check: bool,
    },
    /// Compare the syllabus with files, notebooks and README
    Tidy {
        /// Rewrite the generated parts of the README
        #[arg(long)]
        write: bool,
    },
    /// Strip the outputs of notebooks, or run them
    Notebooks {
        /// Compare instead of stripping
        #[arg(long)]
        check: bool,
        /// Run each in its kernel, against this tree: `solutions` or `exercises`
        #[arg(long, value_name = "TREE", conflicts_with = "check", value_parser = ["solutions", "exercises"])]
        run: Option<String>,
    },
    /// Time the way from a save to a verdict, in a terminal and in a notebook
    Pulse,
}

/// Runs a subcommand. `Ok(false)` means that something does not pass.
///
/// # Errors
///
/// It could not be done.
pub fn run(cli: &Cli) -> Result<bool> {
    if let Some(Command::Witness) = cli.command {
        witness::listen();
        return Ok(true);
    }
    let place = Place::find()?;
    if !matches!(cli.command, Some(Command::Update { .. })) {
        // Where it cannot be written, the next update knows less, and nothing else is the worse for it.
        let _ = update::remember(&place, &Real);
    }
    match &cli.command {
        None => setup::open(&place, cli.open.port, !cli.open.no_browser),
        Some(Command::Witness) => unreachable!("it needs no place and was run above"),
        Some(Command::Status { json }) => status::status(&place, *json),
        Some(Command::Check { all: true, apart, .. }) => report::report(&place, *apart),
        Some(Command::Check { id, json, .. }) => check::check(&place, id.as_deref(), *json),
        Some(Command::Watch { id }) => watch::watch(&place, id.as_deref()),
        Some(Command::Hint { id }) => help_steps::hint(&place, stage(id)?),
        Some(Command::Solution { id, spoil }) => help_steps::solution(&place, stage(id)?, *spoil),
        Some(Command::Reset { id, python }) => reset(&place, file(&place, id, *python)?),
        Some(Command::Undo { id, python }) => undo(&place, id.as_deref(), *python),
        Some(Command::Update { from, dry_run }) => {
            let choices = update::Choices { from: from.as_deref(), dry_run: *dry_run };
            update::update(&place, &Real, choices)
        }
        Some(Command::Doctor) => setup::doctor(&place),
        Some(Command::Setup { part, chapter }) => setup::setup(&place, *part, *chapter),
        Some(Command::Vocabulary { which, accept_licence }) => {
            vocabulary::vocabulary(&place, *which, *accept_licence)
        }
        Some(Command::Model { path: true, .. }) => model::print_path(&place),
        Some(Command::Model { yes, .. }) => model::model(&place, *yes),
        Some(Command::Chat { options }) => chat::chat(&place, options),
        Some(Command::Tokenize { options }) => tokenize::tokenize(&place, options),
        Some(Command::Quiz { level, count, export }) => {
            quiz::quiz(&place, level.map(Into::into), usize::from(*count), export.as_deref())
        }
        Some(Command::Verify { cold, only, accept_llama2_licence, fetch_model }) => {
            let choices = verify::Choices {
                cold: *cold,
                llama2: *accept_llama2_licence,
                model: *fetch_model,
            };
            verify::verify(&place, choices, only.as_deref())
        }
        Some(Command::Dev(Dev::New { id, after })) => {
            new_stage::new(&place, &Real, id, after.as_deref())
        }
        Some(Command::Dev(Dev::Stubs { check })) => dev_stubs(&place, *check),
        Some(Command::Dev(Dev::Tidy { write })) => verify::tidy(&place, *write),
        Some(Command::Dev(Dev::Notebooks { check, run })) => {
            verify::notebooks(&place, *check, run.as_deref())
        }
        Some(Command::Dev(Dev::Pulse)) => verify::pulse(&place),
    }
}

/// The file of answers that an id names.
fn file(place: &Place, id: &str, python: bool) -> Result<answers::File<'static>> {
    if !python {
        return Ok(stage(id)?.into());
    }
    let all = answers::files(place);
    let chapters = || all.iter().filter(|file| matches!(file, answers::File::Python(_)));
    let known = |file: &&answers::File<'_>| file.id() == format!("python.{id}");
    match chapters().find(known) {
        Some(file) => Ok(*file),
        None => {
            let ids: Vec<String> =
                chapters().map(|file| file.id().replace("python.", "")).collect();
            bail!("no answers in Python for `{id}`, expected a chapter: {}", ids.join(", "))
        }
    }
}

fn reset(place: &Place, file: answers::File<'static>) -> Result<bool> {
    let path = file.path();
    match answers::reset(place, &Real, file)? {
        answers::Reset::Unchanged => print(&format!("{path} is as it was given; nothing to reset")),
        answers::Reset::Restored => print(&format!("{path} was missing; it is as it was given")),
        answers::Reset::Kept(copy) => {
            let copy = copy.strip_prefix(place.root()).unwrap_or(&copy).display().to_string();
            print(&format!(
                "{path} is as it was given; your answer is kept in {copy}\n\nhint: cargo lab undo {}",
                file.words()
            ));
        }
    }
    Ok(true)
}

fn undo(place: &Place, id: Option<&str>, python: bool) -> Result<bool> {
    let asked = id.map(|id| file(place, id, python)).transpose()?;
    let file = answers::undo(place, &Real, asked)?;
    print(&format!("{} holds your answer again", file.path()));
    Ok(true)
}

fn dev_stubs(place: &Place, check: bool) -> Result<bool> {
    if !check {
        for file in answers::files(place) {
            if let answers::Reset::Kept(copy) = answers::reset(place, &Real, file)? {
                let copy = copy.strip_prefix(place.root()).unwrap_or(&copy);
                say(&format!("the answer to {} is kept in {}", file.id(), copy.display()));
            }
        }
        let written = stubs::write(place, &Real)?;
        print(&format!("wrote {written} files below exercises/"));
        return Ok(true);
    }
    let differing = stubs::differing(place)?;
    for path in &differing {
        say(&format!("{} is not what its solution leaves", path.display()));
    }
    if !differing.is_empty() {
        say("\nhint: cargo lab dev stubs");
    }
    Ok(differing.is_empty())
}

/// What an id on the command line names.
#[derive(Debug, Clone, Copy)]
enum Target {
    Everything,
    Chapter(&'static Chapter),
    Stage(&'static Stage),
}

impl Target {
    fn parse(id: Option<&str>) -> Result<Self> {
        match id {
            None => Ok(Self::Everything),
            Some(id) => match course::chapter(id) {
                Some(chapter) => Ok(Self::Chapter(chapter)),
                None => stage(id).map(Self::Stage),
            },
        }
    }
}

/// A chapter with a set-up of its own.
fn heavy_chapter(id: &str) -> Result<&'static Chapter, String> {
    let apart = || course::CHAPTERS.iter().filter(|chapter| chapter.is_apart());
    apart().find(|chapter| chapter.id == id).copied().ok_or_else(|| {
        let ids: Vec<&str> = apart().map(|chapter| chapter.id).collect();
        format!("expected a chapter that needs a set-up of its own: {}", ids.join(", "))
    })
}

/// The stage with this id, or with this name if only one chapter has it.
fn stage(id: &str) -> Result<&'static Stage> {
    let named: Vec<&Stage> =
        course::stages().filter(|stage| stage.id == id || stage.name() == id).collect();
    if let [stage] = named[..] {
        return Ok(stage);
    }
    if let Some(chapter) = course::chapter(id) {
        let names: Vec<&str> = chapter.stages.iter().map(|stage| stage.name()).collect();
        bail!("`{id}` is a chapter, expected one of its stages: {}", names.join(", "));
    }
    if named.len() > 1 {
        let ids: Vec<&str> = named.iter().map(|stage| stage.id).collect();
        bail!("`{id}` is the name of several stages: {}", ids.join(", "));
    }
    let begun: Vec<&str> =
        course::stages().filter(|stage| stage.name().starts_with(id)).map(|it| it.id).collect();
    if begun.len() > 1 {
        bail!("no stage `{id}`, and several that begin so: {}", begun.join(", "));
    }
    let alike = |stage: &&Stage| {
        strsim::jaro_winkler(id, stage.id).max(strsim::jaro_winkler(id, stage.name()))
    };
    let nearest = course::stages().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    match nearest.filter(|stage| alike(stage) > 0.7) {
        Some(nearest) => bail!("no stage `{id}`\n\nhint: did you mean `{}`?", nearest.id),
        None => bail!("no stage `{id}`\n\nhint: `cargo lab status` lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_gets_the_stage_that_was_meant() {
        let error = stage("bpe.merg").map(|stage| stage.id).map_err(|error| error.to_string());
        assert_eq!(error, Err("no stage `bpe.merg`\n\nhint: did you mean `bpe.merge`?".to_owned()));
        assert_eq!(stage("merge").map(|stage| stage.id).ok(), Some("bpe.merge"));
        let several = stage("pretokenize").map(|stage| stage.id).map_err(|error| error.to_string());
        assert!(several.is_err_and(|error| error.contains("_gpt2") && error.contains("_gpt4")));
        assert!(stage("xyzzy").is_err_and(|error| error.to_string().contains("cargo lab status")));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
