//! The run: blocks in, parts out, one behind the other.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rayon::prelude::*;

use super::error::TokenizeError;
use super::input::{Format, Identity};
use super::journal::{Journal, Run};
use super::output::{self, Ids};
use super::read::{self, Block, Position, Wanted};
use super::report::{BadRow, Report};
use crate::bpe::Encoding;

/// How ids are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// A row for each text: `row`, its number in the input, and `ids`, a list.
    Rows,
    /// All texts one behind the other, each followed by `separator`, cut into sequences of `length` ids, as a model
    /// reads them in training: a row for each sequence, with the one column `ids`. What is left at the end and fills no
    /// sequence is left out and counted.
    Packed {
        /// Ids of a sequence, at least 1.
        length: usize,
        /// The id behind each text, such as that of `<|endoftext|>`.
        separator: u32,
    },
}

/// What a run may be told. The output depends on all of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The column with the texts.
    pub column: String,
    /// How the input is written; by the end of its name, if not given.
    pub format: Option<Format>,
    /// How ids are laid out.
    pub layout: Layout,
    /// The most bytes of a text; a longer one is a bad row.
    pub longest: usize,
    /// About how many bytes of the input a part has. A run keeps some four of them in memory, and their ids.
    pub part: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            column: "text".to_owned(),
            format: None,
            layout: Layout::Rows,
            longest: 8 << 20,
            part: 16 << 20,
        }
    }
}

/// What a run tells while it goes, with the sums of all that is on the disk.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// An earlier run came so far; this one goes on behind it.
    GoesOn(&'a Report),
    /// One more part is written.
    Part(&'a Report),
}

/// Encodes the texts of `input` into the folder `output`, and goes on where a stopped run of the same input and options
/// ended. `watch` is told how far it is.
///
/// # Errors
///
/// The input cannot be read or is of another format, the output cannot be written or holds something else. What was
/// written until then stays, and the next run goes on from it.
pub fn tokenize(
    input: &Path,
    output: &Path,
    encoding: &Encoding,
    options: &Options,
    mut watch: impl FnMut(Progress<'_>) + Send,
) -> Result<Report, TokenizeError> {
    let format = options.check(input)?;
    let run = Run { input: Identity::of(input)?, options: options.named(format, encoding) };
    fs::create_dir_all(output).map_err(TokenizeError::io("write", output))?;
    let _lock = lock(output)?;
    let mut journal = Journal::open(output, run)?;
    if journal.position != Position::default() {
        watch(Progress::GoesOn(&journal.report));
    }
    if journal.complete {
        return Ok(journal.report);
    }
    let wanted =
        Wanted { column: options.column.clone(), block: options.part, longest: options.longest };
    let mut reader = read::open(input, format, &wanted, journal.position)?;
    // One block waits to be encoded and one part to be written; whoever is ahead waits.
    let (blocks, to_encode) = sync_channel::<Box<dyn Block>>(0);
    let (parts, to_write) = sync_channel::<Part>(0);
    let before = journal.position.row;
    let carry = journal.carry.clone();
    thread::scope(|scope| {
        let read = scope.spawn(move || -> Result<(), TokenizeError> {
            while let Some(block) = reader.next()? {
                // Nobody takes it: somebody has failed, and says so.
                if blocks.send(block).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let write = scope.spawn(|| write(output, &mut journal, to_write, &mut watch));
        let mut packer = Packer { layout: options.layout, carry };
        let mut row = before;
        for block in to_encode {
            let part = encode(&*block, row, encoding, &mut packer);
            row = part.position.row;
            if parts.send(part).is_err() {
                break;
            }
        }
        drop(parts);
        let (read, write) = (joined(read.join()), joined(write.join()));
        write.and(read)
    })?;
    journal.complete = true;
    journal.report.left_over = journal.carry.len() as u64;
    journal.save(output)?;
    Ok(journal.report)
}

/// What a thread gave; its panic goes on here.
fn joined<T>(result: thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Options {
    fn check(&self, input: &Path) -> Result<Format, TokenizeError> {
        let refuse = |expected: &str, got: String| {
            Err(TokenizeError::Options { expected: expected.to_owned(), got })
        };
        if let Layout::Packed { length: 0, .. } = self.layout {
            return refuse("sequences of at least one id", "a length of 0".to_owned());
        }
        if self.part == 0 || self.longest == 0 {
            return refuse("parts and texts of at least one byte", "0".to_owned());
        }
        match self.format.or_else(|| Format::of(input)) {
            Some(format) => Ok(format),
            None => refuse(
                "an input that ends in .ndjson, .jsonl, .csv, .tsv or .parquet, or its format",
                format!("`{}`", input.display()),
            ),
        }
    }

    /// Everything that decides over the output, for the journal.
    fn named(&self, format: Format, encoding: &Encoding) -> BTreeMap<String, String> {
        let layout = match self.layout {
            Layout::Rows => "rows".to_owned(),
            Layout::Packed { length, separator } => format!("packed {length} {separator}"),
        };
        let encoding = format!("{:?}, {} ids", encoding.pattern(), encoding.vocab_size());
        [
            ("column", self.column.clone()),
            ("format", format!("{format:?}").to_lowercase()),
            ("layout", layout),
            ("longest", self.longest.to_string()),
            ("part", self.part.to_string()),
            ("encoding", encoding),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// Two runs at once would write over each other.
fn lock(folder: &Path) -> Result<File, TokenizeError> {
    let path = folder.join(output::LOCK);
    let file = File::create(&path).map_err(TokenizeError::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TokenizeError::output(
            folder,
            "a folder to itself",
            "another run that writes to it",
        )),
        // A file system without locks: who starts two runs there has to see to it.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(TokenizeError::io("write", &path)(error)),
    }
}

/// What became of a block.
struct Part {
    ids: Ids,
    bad: Vec<BadRow>,
    /// The sums of its rows.
    sums: Report,
    position: Position,
    /// Ids of a sequence that is not full, behind this part.
    carry: Vec<u32>,
}

fn encode(block: &dyn Block, first: u64, encoding: &Encoding, packer: &mut Packer) -> Part {
    let found: Vec<read::Text<'_>> =
        (0..block.rows()).into_par_iter().map(|row| block.text(row)).collect();
    let mut sums = Report { rows: block.rows() as u64, ..Report::default() };
    let (mut numbers, mut texts, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (row, text)) in (first..).zip(&found).enumerate() {
        match text {
            Ok(text) => {
                sums.bytes += text.len() as u64;
                numbers.push(row);
                texts.push(&**text);
            }
            Err((kind, why)) => {
                *sums.bad.entry(*kind).or_default() += 1;
                bad.push(BadRow { row, line: block.line(at), kind: *kind, why: why.clone() });
            }
        }
    }
    let ids = encoding.encode_batch(&texts);
    sums.texts = texts.len() as u64;
    sums.tokens = ids.iter().map(|ids| ids.len() as u64).sum();
    let ids = packer.lay_out(numbers, ids);
    Part { ids, bad, sums, position: block.after(), carry: packer.carry.clone() }
}

/// Lays ids out, and keeps what fills no sequence yet.
struct Packer {
    layout: Layout,
    carry: Vec<u32>,
}

impl Packer {
    fn lay_out(&mut self, rows: Vec<u64>, ids: Vec<Vec<u32>>) -> Ids {
        match self.layout {
            Layout::Rows => Ids::Rows(rows.into_iter().zip(ids).collect()),
            Layout::Packed { length, separator } => {
                let mut all = std::mem::take(&mut self.carry);
                all.reserve(ids.iter().map(|ids| ids.len() + 1).sum());
                for ids in ids {
                    all.extend(ids);
                    all.push(separator);
                }
                self.carry = all.split_off(all.len() - all.len() % length);
                Ids::Packed { ids: all, length }
            }
        }
    }
}

/// Writes parts and the journal, in order.
fn write(
    folder: &Path,
    journal: &mut Journal,
    parts: Receiver<Part>,
    watch: &mut impl FnMut(Progress<'_>),
) -> Result<(), TokenizeError> {
    for mut part in parts {
        let written = output::write(folder, journal.report.parts, &part.ids, &part.bad)?;
        part.sums.parts = u64::from(written || !part.bad.is_empty());
        part.sums.left_over = part.carry.len() as u64;
        journal.report.add(&part.sums);
        (journal.position, journal.carry) = (part.position, part.carry);
        journal.save(folder)?;
        watch(Progress::Part(&journal.report));
    }
    Ok(())
}

/// The files of ids in a folder that [`tokenize`] wrote, in their order.
///
/// # Errors
///
/// The folder cannot be read.
pub fn parts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    paths.sort();
    Ok(paths)
}
