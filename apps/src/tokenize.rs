//! The command line of [`rust_for_ai::frames::tokenize`]: options, progress, and what it found.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use rust_for_ai::bpe::Encoding;
use rust_for_ai::frames::{self, BadKind, Format, Layout, Progress, Report};

const EXAMPLES: &str = "\
Examples:
  cargo lab tokenize data/declaration.tsv target/declaration
  cargo lab tokenize web.ndjson tokens --column content
  cargo lab tokenize web.parquet tokens --pack 2048 --encoding gpt2
  python -c 'import polars; print(polars.scan_parquet(\"tokens/*.parquet\").head().collect())'

OUT becomes a folder: part-00000.parquet and so on, and _tokenize.json, the journal. The same command again goes on
where a stopped one ended, and the result is the same, byte by byte. Rows without a text to encode are in
_bad-00000.ndjson and so on, with line and reason.
Exit codes: 0 all is well, bad rows or not; 1 it failed, all rows are bad, or with --strict one is; 2 wrong usage.";

/// Turns a corpus of texts into Parquet files of token ids, in bounded memory.
#[derive(Debug, Clone, Parser)]
#[command(name = "tokenize", bin_name = "cargo lab tokenize", version, after_help = EXAMPLES)]
pub struct Options {
    /// The corpus: .ndjson, .jsonl, .csv, .tsv or .parquet
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The folder of the result; made if it is not there
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// The column with the texts
    #[arg(long, default_value = "text")]
    pub column: String,
    /// How IN is written, where its name does not say so
    #[arg(long, value_enum)]
    pub format: Option<Written>,
    /// The vocabulary
    #[arg(long, value_enum, default_value_t = Vocabulary::Cl100k)]
    pub encoding: Vocabulary,
    /// Put all texts one behind the other, each followed by <|endoftext|>, and cut that into rows of N ids; else a row
    /// is a text
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub pack: Option<u32>,
    /// The most bytes of a text; a longer one is a bad row
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub longest: u32,
    /// About how many megabytes of IN a part has; some ten times as much is in memory at once
    #[arg(long, value_name = "MB", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub part: u16,
    /// Fail, with exit code 1, if a row is bad; all is written nevertheless
    #[arg(long)]
    pub strict: bool,
}

/// How a corpus is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Written {
    /// A JSON object a line
    Ndjson,
    /// Fields apart by commas, names on the first line
    Csv,
    /// Fields apart by tabs, without quoting, names on the first line
    Tsv,
    /// Columns in row groups
    Parquet,
}

/// A vocabulary that the workbook carries.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Vocabulary {
    /// GPT-4's
    Cl100k,
    /// GPT-2's
    Gpt2,
}

/// Runs it, and says how it went.
pub fn run(options: &Options) -> ExitCode {
    match tokenize(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn tokenize(options: &Options) -> Result<()> {
    let encoding = match options.encoding {
        Vocabulary::Cl100k => Encoding::cl100k(),
        Vocabulary::Gpt2 => Encoding::gpt2(),
    };
    let mut how = frames::Options::default();
    how.column.clone_from(&options.column);
    how.format = options.format.map(|format| match format {
        Written::Ndjson => Format::Ndjson,
        Written::Csv => Format::Csv,
        Written::Tsv => Format::Tsv,
        Written::Parquet => Format::Parquet,
    });
    how.longest = usize::try_from(options.longest)?;
    how.part = usize::from(options.part) << 20;
    if let Some(length) = options.pack {
        let ends = encoding.specials().find(|(text, _)| *text == "<|endoftext|>");
        let (_, separator) = ends.context("the vocabulary has no <|endoftext|>")?;
        how.layout = Layout::Packed { length: usize::try_from(length)?, separator };
    }
    let start = Instant::now();
    let mut line = Line { start, told: start, before: 0 };
    let told = |progress: Progress<'_>| line.tell(progress);
    let result = frames::tokenize(&options.input, &options.output, &encoding, &how, told);
    line.clear();
    let report = result?;
    say(&summary(options, &report, start.elapsed(), line.before));
    match report.bad_rows() {
        bad if bad > 0 && options.strict => bail!("{bad} bad rows, expected none (--strict)"),
        bad if bad > 0 && report.texts == 0 => {
            bail!("no row has a text; is `{}` the column, and the format right?", options.column)
        }
        _ => Ok(()),
    }
}

/// A line that is replaced, on a terminal; else one every ten seconds.
struct Line {
    start: Instant,
    told: Instant,
    /// The bytes that earlier runs encoded.
    before: u64,
}

impl Line {
    fn tell(&mut self, progress: Progress<'_>) {
        let sums = match progress {
            Progress::GoesOn(sums) => {
                self.before = sums.bytes;
                return say(&format!("an earlier run came to row {}; this one goes on", sums.rows));
            }
            Progress::Part(sums) => sums,
        };
        let live = io::stderr().is_terminal();
        if !live && self.told.elapsed() < Duration::from_secs(10) {
            return;
        }
        self.told = Instant::now();
        let seconds = self.start.elapsed().as_secs_f64();
        let line = format!(
            "{} rows, {:.1} MB of text, {} ids, {seconds:.0} s",
            sums.rows,
            megabytes(sums.bytes),
            sums.tokens
        );
        if live {
            let _ = write!(io::stderr(), "\r\x1b[2K{line}");
        } else {
            say(&line);
        }
    }

    fn clear(&self) {
        if io::stderr().is_terminal() {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn summary(options: &Options, all: &Report, took: Duration, before: u64) -> String {
    let now = all.bytes - before;
    let seconds = took.as_secs_f64();
    let mut text = format!(
        "{} of {} rows have a text: {:.1} MB, {} ids, in {} files below {}\n{:.1} MB in {seconds:.1} s, {:.0} MB/s",
        all.texts,
        all.rows,
        megabytes(all.bytes),
        all.tokens,
        all.parts,
        options.output.display(),
        megabytes(now),
        megabytes(now) / seconds,
    );
    if now == 0 && all.bytes > 0 {
        text += "\nnothing was left to do";
    }
    if all.left_over > 0 {
        text += &format!("\n{} ids at the end fill no row and are left out", all.left_over);
    }
    if all.bad_rows() > 0 {
        let kinds = BadKind::ALL.into_iter().filter_map(|kind| Some((kind, *all.bad.get(&kind)?)));
        let kinds: Vec<String> = kinds.map(|(kind, count)| format!("{count} {kind}")).collect();
        text += &format!(
            "\n{} bad rows: {}; see {}",
            all.bad_rows(),
            kinds.join(", "),
            options.output.join("_bad-*.ndjson").display()
        );
    }
    text
}

/// A reader that went away is no error.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
