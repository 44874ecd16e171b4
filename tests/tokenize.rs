//! The pipeline from corpora to ids: every format gives the ids of its texts, nothing is lost in silence, and a run
//! that was stopped anywhere ends with the bytes of one that was not.
//!
//! The oracle reads each format by plain means and encodes one text after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use polars::prelude::*;
use rust_for_ai::bpe::Encoding;
use rust_for_ai::frames::{BadKind, BadRow, Format, Layout, Options, Progress, parts, tokenize};

static CL100K: LazyLock<Encoding> = LazyLock::new(Encoding::cl100k);

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tokenize-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("a file for the test");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(part: usize) -> Options {
    let mut options = Options::default();
    options.part = part;
    options
}

fn run(input: &Path, out: &Path, options: &Options) -> rust_for_ai::frames::Report {
    tokenize(input, out, &CL100K, options, |_| {}).expect("it runs")
}

fn refused(input: &Path, out: &Path, options: &Options) -> String {
    tokenize(input, out, &CL100K, options, |_| {}).expect_err("it is refused").to_string()
}

/// Row and ids of each text, from the files.
fn ids(out: &Path) -> Vec<(u64, Vec<u32>)> {
    let mut found = Vec::new();
    for path in parts(out).expect("a folder of parts") {
        let file = fs::File::open(path).expect("a part");
        let frame = ParquetReader::new(file).finish().expect("Parquet");
        let rows = frame.column("row").and_then(|rows| rows.u64().cloned()).expect("rows");
        let lists = frame.column("ids").and_then(|ids| ids.list()).expect("ids");
        found.extend(rows.iter().map(|row| row.expect("a row")).zip(values(lists)));
    }
    found
}

fn values(lists: &ListChunked) -> impl Iterator<Item = Vec<u32>> {
    (0..lists.len()).map(|at| {
        let list = lists.get_as_series(at).expect("a list");
        list.u32().expect("ids").iter().map(|id| id.expect("an id")).collect()
    })
}

fn sequences(out: &Path) -> Vec<Vec<u32>> {
    let mut found = Vec::new();
    for path in parts(out).expect("a folder of parts") {
        let file = fs::File::open(path).expect("a part");
        let frame = ParquetReader::new(file).finish().expect("Parquet");
        assert_eq!(frame.get_column_names(), ["ids"]);
        let lists = frame.column("ids").and_then(|ids| ids.list()).expect("ids");
        found.extend(values(lists));
    }
    found
}

fn bad(out: &Path) -> Vec<(u64, Option<u64>, BadKind)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(out)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "ndjson"))
        .collect();
    paths.sort();
    let text: String = paths.iter().map(|path| fs::read_to_string(path).expect("a file")).collect();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a bad row"))
        .map(|BadRow { row, line, kind, .. }| (row, line, kind))
        .collect()
}

/// Every file but the lock, by name.
fn files(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry"));
    let named =
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    named
        .filter(|(name, _)| name != "_lock")
        .map(|(name, path)| (name, fs::read(path).expect("a file")))
        .collect()
}

/// The declaration: real texts in 56 languages.
fn corpus() -> Vec<(&'static str, &'static str)> {
    const FILE: &str = include_str!("../data/declaration.tsv");
    let rows = FILE.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|fields| (fields[0], fields[2])).collect()
}

fn expected() -> Vec<(u64, Vec<u32>)> {
    (0..).zip(corpus()).map(|(row, (_, text))| (row, CL100K.encode_ordinary(text))).collect()
}

/// The corpus in each format.
fn written(folder: &Folder) -> Vec<PathBuf> {
    let corpus = corpus();
    let json: String = corpus
        .iter()
        .map(|(language, text)| {
            format!(
                "{}\n",
                serde_json::json!({"text": text, "language": language, "n": [1, {"text": 2}]})
            )
        })
        .collect();
    let csv: String = corpus
        .iter()
        .map(|(language, text)| format!("{language},\"{}\"\r\n", text.replace('"', "\"\"")))
        .collect();
    let mut frame = DataFrame::new(
        corpus.len(),
        vec![
            Column::new("language".into(), corpus.iter().map(|row| row.0).collect::<Vec<_>>()),
            Column::new("text".into(), corpus.iter().map(|row| row.1).collect::<Vec<_>>()),
        ],
    )
    .expect("a frame");
    let parquet = folder.0.join("in.parquet");
    // Groups that no part ends with.
    ParquetWriter::new(fs::File::create(&parquet).expect("a file"))
        .with_row_group_size(Some(333))
        .finish(&mut frame)
        .expect("Parquet");
    vec![
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/declaration.tsv")),
        folder.file("in.ndjson", json),
        folder.file("in.csv", format!("language,text\r\n{csv}")),
        parquet,
    ]
}

#[test]
fn each_format_gives_the_ids_of_its_texts_however_it_is_cut() {
    let folder = Folder::new("formats");
    let expected = expected();
    for input in written(&folder) {
        for part in [1, 5_000, 300_000, 16 << 20] {
            // A part for each row would be slow, and says no more of a long file than of a short one.
            if part == 1 && Format::of(&input) != Some(Format::Ndjson) {
                continue;
            }
            let out = folder
                .0
                .join(format!("{part}-{}", input.extension().unwrap_or_default().display()));
            let report = run(&input, &out, &options(part));
            assert!(ids(&out) == expected, "{} in parts of {part}", input.display());
            assert_eq!((report.rows, report.texts, report.bad_rows()), (1680, 1680, 0));
            assert_eq!(
                report.tokens,
                expected.iter().map(|(_, ids)| ids.len() as u64).sum::<u64>()
            );
            assert_eq!(
                report.bytes,
                corpus().iter().map(|(_, text)| text.len() as u64).sum::<u64>()
            );
        }
    }
}

#[test]
fn packed_sequences_are_all_texts_with_separators_cut_to_one_length() {
    let folder = Folder::new("packed");
    let [tsv, ..] = &written(&folder)[..] else { unreachable!("there are four") };
    let mut all = Vec::new();
    for (_, ids) in expected() {
        all.extend(ids);
        all.push(100_257);
    }
    for (length, part) in [(1, 1 << 20), (100, 2_000), (100, 16 << 20), (1_000_000, 50_000)] {
        let mut options = options(part);
        options.layout = Layout::Packed { length, separator: 100_257 };
        let out = folder.0.join(format!("{length}-{part}"));
        let report = run(tsv, &out, &options);
        let whole: Vec<Vec<u32>> = all.chunks_exact(length).map(<[u32]>::to_vec).collect();
        assert!(sequences(&out) == whole, "{length} ids, parts of {part}");
        assert_eq!(report.left_over, (all.len() % length) as u64);
    }
}

#[test]
fn a_run_that_was_stopped_behind_any_part_ends_with_the_same_bytes() {
    let folder = Folder::new("stopped");
    for (number, input) in written(&folder).iter().enumerate() {
        let mut options = options(90_000);
        if number % 2 == 1 {
            options.layout = Layout::Packed { length: 512, separator: 7 };
        }
        let (whole, snapshots) =
            (folder.0.join(format!("whole-{number}")), folder.0.join(format!("at-{number}")));
        let mut count = 0;
        let snapshot = |progress: Progress<'_>| {
            assert!(matches!(progress, Progress::Part(_)), "nothing was there before");
            count += 1;
            let to = snapshots.join(count.to_string());
            fs::create_dir_all(&to).expect("a folder");
            files(&whole)
                .iter()
                .for_each(|(name, bytes)| fs::write(to.join(name), bytes).expect("a file"));
        };
        tokenize(input, &whole, &CL100K, &options, snapshot).expect("it runs");
        let expected = files(&whole);
        assert!(count > 5, "{count} parts, expected some");
        for at in 1..=count {
            let out = snapshots.join(at.to_string());
            // What a kill leaves: a part whose journal was not written, and half a file.
            fs::write(out.join(format!("part-{at:05}.parquet")), "of a run that was killed")
                .expect("a file");
            fs::write(out.join(format!("part-{:05}.parquet.half", at + 1)), "half")
                .expect("a file");
            let mut told = Vec::new();
            let watch = |progress: Progress<'_>| told.push(matches!(progress, Progress::GoesOn(_)));
            tokenize(input, &out, &CL100K, &options, watch).expect("it goes on");
            assert_eq!(
                told.iter().filter(|goes_on| **goes_on).count(),
                1,
                "it says that it goes on, once"
            );
            let mut got = files(&out);
            got.retain(|name, _| !name.ends_with(".half"));
            if at == count {
                // Nothing was left to do, so nobody wrote over what does not belong there.
                got.remove(&format!("part-{at:05}.parquet"));
            }
            assert!(got == expected, "{} stopped behind part {at}", input.display());
        }
    }
}

#[test]
fn rows_without_a_text_are_counted_and_written_down_with_their_line() {
    use BadKind::{InvalidUtf8, Malformed, NoText, NotText, TooLong};
    let folder = Folder::new("bad");
    let mut short = options(64);
    short.longest = 10;
    let long = "x".repeat(11);
    let longer = "x".repeat(100_000);

    let lines: [&[u8]; 14] = [
        b"\xef\xbb\xbf{\"text\": \"a\"}",
        b"{\"text\": null}",
        b"",
        b"{\"texts\": \"a\"}",
        b"{\"text\": 1}\r",
        b"{\"text\": [\"a\", {}]}",
        b"{\"text\": \"a\"",
        b"{\"text\": \"a\"} {}",
        b"[1]",
        b"{\"text\": \"\xff\"}",
        &[b"{\"text\": \"", long.as_bytes(), b"\"}"].concat(),
        &[b"{\"text\": \"", longer.as_bytes(), b"\"}"].concat(),
        b"{\"text\": \"\\u0062\\n\", \"text2\": 1}",
        b"{\"te\\u0078t\": \"c\"}",
    ];
    let input = folder.file("in.ndjson", lines.join(&b"\n"[..]));
    let out = folder.0.join("ndjson");
    let report = run(&input, &out, &short);
    let kinds = [
        (1, 2, NoText),
        (2, 4, NoText),
        (3, 5, NotText),
        (4, 6, NotText),
        (5, 7, Malformed),
        (6, 8, Malformed),
        (7, 9, Malformed),
        (8, 10, InvalidUtf8),
        (9, 11, TooLong),
        (10, 12, TooLong),
    ];
    assert_eq!(bad(&out), kinds.map(|(row, line, kind)| (row, Some(line), kind)));
    let found: Vec<(u64, Vec<u32>)> = [(0, "a"), (11, "b\n"), (12, "c")]
        .map(|(row, text)| (row, CL100K.encode_ordinary(text)))
        .into();
    assert_eq!(ids(&out), found);
    assert_eq!((report.rows, report.texts, report.bad_rows()), (13, 3, 10));

    let rows: [&[u8]; 8] = [
        b"n,text",
        b"1,a",
        b"2,",
        b"3,\"b\nb\"",
        b"4",
        b"5,a,b",
        b"6,\xff",
        &[b"7,", long.as_bytes()].concat(),
    ];
    let input = folder.file("in.csv", rows.join(&b"\n"[..]));
    let out = folder.0.join("csv");
    run(&input, &out, &short);
    let kinds = [
        (1, 3, NoText),
        (3, 6, Malformed),
        (4, 7, Malformed),
        (5, 8, InvalidUtf8),
        (6, 9, TooLong),
    ];
    assert_eq!(bad(&out), kinds.map(|(row, line, kind)| (row, Some(line), kind)));
    let found = [(0, "a"), (2, "b\nb")].map(|(row, text)| (row, CL100K.encode_ordinary(text)));
    assert_eq!(ids(&out), found);

    let texts = [Some("a"), None, Some(&*long), Some("")];
    let column = Column::new("text".into(), texts.to_vec());
    let mut frame = DataFrame::new(texts.len(), vec![column]).expect("a frame");
    let input = folder.0.join("in.parquet");
    ParquetWriter::new(fs::File::create(&input).expect("a file"))
        .finish(&mut frame)
        .expect("Parquet");
    let out = folder.0.join("parquet");
    run(&input, &out, &short);
    assert_eq!(bad(&out), [(1, None, NoText), (2, None, TooLong)]);
    assert_eq!(ids(&out), [(0, CL100K.encode_ordinary("a")), (3, vec![])]);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let folder = Folder::new("refused");
    let out = folder.0.join("out");
    let csv = |text: &str| folder.file("in.csv", text);
    let says = |error: &str, words: &[&str]| {
        words
            .iter()
            .for_each(|word| assert!(error.contains(word), "{error:?} does not say {word:?}"));
    };
    let mut short = options(64);
    short.longest = 10;

    says(&refused(&folder.0.join("no.ndjson"), &out, &short), &["no.ndjson", "could not read"]);
    says(&refused(&folder.file("in.txt", "a"), &out, &short), &[".ndjson", "in.txt"]);
    says(&refused(&csv("a,b\n1,2\n"), &out, &short), &["in.csv", "column `text`", "`a`, `b`"]);
    let open = format!("text\na\n\"b{}\n", "\nx".repeat(200_000));
    says(&refused(&csv(&open), &out, &short), &["line 3", "a row of at most", "never closed"]);
    says(&refused(&folder.file("in.parquet", "PAR1"), &out, &short), &["in.parquet"]);
    let zipped = folder.file("zipped.ndjson", b"\x1f\x8b\x08");
    says(&refused(&zipped, &out, &short), &["zipped.ndjson", "gzip"]);
    let mut numbers = df!("text" => [1, 2]).expect("a frame");
    let input = folder.0.join("numbers.parquet");
    ParquetWriter::new(fs::File::create(&input).expect("a file"))
        .finish(&mut numbers)
        .expect("Parquet");
    says(&refused(&input, &out, &short), &["column `text`", "expected a column of texts", "i32"]);
    short.layout = Layout::Packed { length: 0, separator: 0 };
    says(&refused(&csv("text\n"), &out, &short), &["at least one id"]);
}

#[test]
fn a_folder_of_another_run_is_left_as_it_is() {
    let folder = Folder::new("others");
    let input = folder.file("in.ndjson", "{\"text\": \"a\"}\n");
    let says = |error: &str, words: &[&str]| {
        words
            .iter()
            .for_each(|word| assert!(error.contains(word), "{error:?} does not say {word:?}"));
    };
    says(&refused(&input, &folder.0, &options(64)), &["an empty folder", "in.ndjson"]);

    let out = folder.0.join("out");
    run(&input, &out, &options(64));
    let before = files(&out);
    says(&refused(&input, &out, &options(65)), &["`part` as the run began, 64", "got 65"]);
    let gpt2 = tokenize(&input, &out, &Encoding::gpt2(), &options(64), |_| {});
    says(&gpt2.expect_err("another vocabulary").to_string(), &["`encoding`"]);
    fs::write(&input, "{\"text\": \"b\"}\n").expect("a file");
    says(&refused(&input, &out, &options(64)), &["the input that the run began with"]);
    assert_eq!(files(&out), before);

    fs::write(out.join("_tokenize.json"), "{}").expect("a file");
    says(&refused(&input, &out, &options(64)), &["_tokenize.json", "the journal of a run"]);

    let lock = fs::File::create(out.join("_lock")).expect("a lock");
    lock.lock().expect("nobody has it");
    says(&refused(&input, &out, &options(64)), &["another run"]);
}

#[test]
fn an_input_without_rows_is_a_run_without_parts() {
    let folder = Folder::new("empty");
    for (name, text) in
        [("a.ndjson", ""), ("b.ndjson", "\n \n"), ("c.csv", "text\n"), ("d.tsv", "text")]
    {
        let out = folder.0.join(format!("{name}.out"));
        let report = run(&folder.file(name, text), &out, &options(64));
        assert_eq!((report.rows, report.parts), (0, 0), "{name}");
        assert!(parts(&out).expect("a folder").is_empty(), "{name}");
    }
}
