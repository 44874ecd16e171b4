//! The syllabus: which chapters and stages there are, in which order, and what each teaches.
//!
//! Const tables rather than a data file, so that a check, a hint, the command line and the docs
//! read one thing, and a misspelt field does not compile. `tests/tidy.rs` ties the tables to the
//! files, the notebooks and the README.
//!
//! A stage is known by words (`bpe.merge`), never by a number or a path: progress survives when a
//! stage is inserted, moved or renamed on disk.

pub mod binding;
pub mod bpe;
pub mod frames;
pub mod llama;
pub mod ownership;
pub mod parallel;
pub mod real_tokenizers;
pub mod sharing;

/// All chapters, in the order in which they are read.
pub const CHAPTERS: &[&Chapter] = &[
    &ownership::CHAPTER,
    &bpe::CHAPTER,
    &binding::CHAPTER,
    &real_tokenizers::CHAPTER,
    &sharing::CHAPTER,
    &parallel::CHAPTER,
    &llama::CHAPTER,
    &frames::CHAPTER,
];

/// A chapter: some stages that end on real data.
#[derive(Debug)]
pub struct Chapter {
    /// A word; also the cargo feature, the folder under `exercises/` and the test target.
    pub id: &'static str,
    /// A line for the table of contents.
    pub title: &'static str,
    /// What the learner holds in hands at the end.
    pub ends_with: &'static str,
    /// The notebook of the chapter, from the project's root.
    pub notebook: &'static str,
    /// In the order in which they are solved.
    pub stages: &'static [&'static Stage],
}

/// A stage: one function or type to write, 15 to 45 minutes.
#[derive(Debug)]
pub struct Stage {
    /// `chapter.name`; the key of progress.
    pub id: &'static str,
    /// What to write, in a few words.
    pub title: &'static str,
    /// The one Rust idea.
    pub rust: &'static str,
    /// The one idea of AI engineering.
    pub ai: &'static str,
    /// An honest estimate for somebody who reads the hints.
    pub minutes: u32,
    /// Core stages carry the chapter; a stretch stage may be left out.
    pub level: Level,
    /// Raised when a check grows stricter, so that an older pass is graded anew.
    pub version: u32,
    /// The ids of the earlier stages whose functions it calls.
    pub uses: &'static [&'static str],
    /// Three steps: the concept, the approach, the skeleton.
    pub hints: [&'static str; 3],
    /// Where the idea comes from, and where to read on.
    pub reading: &'static [Reading],
    /// Interview questions that this stage prepares for.
    pub questions: &'static [&'static str],
    /// What is told once the stage passes, and no sooner: of a repair, the public report of the bug.
    pub solved: &'static [Reading],
}

/// Whether a chapter can do without a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Later stages build on it.
    Core,
    /// Worth it, and nothing waits for it.
    Stretch,
}

/// A text to read.
#[derive(Debug)]
pub struct Reading {
    /// What it is.
    pub title: &'static str,
    /// Where it is: a public address, or a path from the project's root.
    pub at: &'static str,
}

/// What a stage needs beyond its chapter's feature.
///
/// Neither `cargo test` nor the grading of everything has it; the stage is listed as ignored, with the command that
/// grades it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A cargo feature, which takes minutes to compile.
    Feature(&'static str),
    /// A `--cfg` of the compiler, which puts other types in the place of the standard library's. It reaches
    /// every crate, so such a build has a folder of its own below `target/`, of the same name.
    Cfg(&'static str),
}

impl std::fmt::Display for Needs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Feature(name) => write!(f, "--features {name}"),
            Self::Cfg(name) => write!(f, "--cfg {name}"),
        }
    }
}

/// The stages that need more than their chapter's feature, and the chapters whose feature takes minutes to compile:
/// neither is graded unless it is asked for.
const NEEDS: &[(&str, Needs)] = &[
    ("llama.candle_load", Needs::Feature("candle")),
    ("sharing.loom", Needs::Cfg("loom")),
    ("frames", Needs::Feature("frames")),
];

impl Chapter {
    /// Whether its answers are a Python module of their own, which their grader builds.
    ///
    /// ```
    /// use rust_for_ai::course::{binding, bpe};
    /// assert!(binding::CHAPTER.is_module());
    /// assert!(!bpe::CHAPTER.is_module());
    /// ```
    pub fn is_module(&self) -> bool {
        self.id == "binding"
    }

    /// Whether all of it needs a feature that takes minutes to compile, so that its stages are graded only when asked for.
    ///
    /// ```
    /// use rust_for_ai::course::{frames, llama};
    /// assert!(frames::CHAPTER.is_apart());
    /// assert!(!llama::CHAPTER.is_apart()); // one of its stages is
    /// ```
    pub fn is_apart(&self) -> bool {
        self.stages.iter().all(|stage| stage.needs().is_some())
    }
}

impl Stage {
    /// What this stage needs beyond its chapter's feature, if anything.
    ///
    /// ```
    /// use rust_for_ai::course::{Needs, bpe, frames, llama, sharing};
    /// assert_eq!(bpe::MERGE.needs(), None);
    /// assert_eq!(llama::CANDLE_LOAD.needs(), Some(Needs::Feature("candle")));
    /// assert_eq!(sharing::LOOM.needs(), Some(Needs::Cfg("loom")));
    /// assert_eq!(frames::SCAN.needs(), Some(Needs::Feature("frames")));
    /// ```
    pub fn needs(&self) -> Option<Needs> {
        NEEDS.iter().find(|(id, _)| [self.id, self.chapter()].contains(id)).map(|&(_, needs)| needs)
    }

    /// The chapter's id: `bpe` of `bpe.merge`.
    pub fn chapter(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(chapter, _)| chapter)
    }

    /// The stage's own name: `merge` of `bpe.merge`.
    pub fn name(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(_, name)| name)
    }

    /// The file that holds the learner's answer, from the project's root.
    ///
    /// ```
    /// use rust_for_ai::course::bpe::MERGE;
    /// assert_eq!(MERGE.exercise(), "exercises/bpe/merge.rs");
    /// ```
    pub fn exercise(&self) -> String {
        format!("exercises/{}/{}.rs", self.chapter(), self.name())
    }

    /// The file that holds the learner's answers to the whole chapter in Python, where the chapter has one.
    ///
    /// ```
    /// use rust_for_ai::course::bpe::MERGE;
    /// assert_eq!(MERGE.python_exercise(), "exercises/python/bpe.py");
    /// ```
    pub fn python_exercise(&self) -> String {
        format!("exercises/python/{}.py", self.chapter())
    }

    /// The file that holds the reference answers to the whole chapter in Python, where the chapter has one.
    pub fn python_solution(&self) -> String {
        format!("solutions/python/{}.py", self.chapter())
    }

    /// The file that holds the reference answer, from the project's root.
    pub fn solution(&self) -> String {
        format!("solutions/{}/{}.rs", self.chapter(), self.name())
    }
}

/// Ids that stages had once and have no more, each with the one that it has since; a line a pair.
///
/// A file of its own, since `cargo lab update` of an older version reads it.
pub const RENAMED: &str = include_str!("renamed.txt");

/// The pairs of such a file, older id first; empty lines and lines that begin with `#` are none.
///
/// ```
/// use rust_for_ai::course::renames;
/// assert!(renames("# was, is\nbpe.glue bpe.merge\n").eq([("bpe.glue", "bpe.merge")]));
/// ```
pub fn renames(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.trim().split_once(' ')).map(|(from, to)| (from, to.trim()))
}

/// The id that a stage has today, by such a file; most have never had another.
///
/// ```
/// use rust_for_ai::course::follow;
/// let renamed = "bpe.glue bpe.join\nbpe.join bpe.merge\n";
/// assert_eq!(follow("bpe.glue", renamed), "bpe.merge");
/// assert_eq!(follow("bpe.bytes", renamed), "bpe.bytes");
/// ```
pub fn follow<'a>(id: &'a str, text: &'a str) -> &'a str {
    let mut now = id;
    // Each step uses up a line, so that a circle ends.
    for _ in renames(text) {
        match renames(text).find(|(from, _)| *from == now) {
            Some((_, to)) => now = to,
            None => break,
        }
    }
    now
}

/// All stages of all chapters, in order.
pub fn stages() -> impl Iterator<Item = &'static Stage> {
    CHAPTERS.iter().flat_map(|chapter| chapter.stages).copied()
}

/// The stage with this id.
///
/// ```
/// use rust_for_ai::course;
/// assert_eq!(course::stage("bpe.merge").map(|stage| stage.name()), Some("merge"));
/// assert!(course::stage("bpe.nothing").is_none());
/// ```
pub fn stage(id: &str) -> Option<&'static Stage> {
    stages().find(|stage| stage.id == id)
}

/// The chapter with this id.
pub fn chapter(id: &str) -> Option<&'static Chapter> {
    CHAPTERS.iter().copied().find(|chapter| chapter.id == id)
}
