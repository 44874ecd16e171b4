//! The parent: starts a child a stage, waits no longer than the deadline, and says what became of it.

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rust_for_ai::check::{Failure, Language, Origin, Outcome, State, Verdict, json_string};

use crate::child::{CALLING, MARK, MEMORY, RECORD, STAGE, read};
use crate::{Graded, REPORT, Report, Tree};

/// A right answer needs a twentieth of this, unoptimized; the rest is for a busy machine.
const DEADLINE: Duration = Duration::from_secs(10);

/// How much of what an answer prints is kept: the end, since the call that fails is the last one.
const KEPT: usize = 16 << 10;

/// How many lines of that are shown, and how much of each.
const LINES: usize = 20;
const COLUMNS: usize = 160;

/// The program that this process runs, to be run again.
pub(crate) fn this_program() -> io::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

/// Grades one stage in a child.
pub(crate) fn supervise(graded: &Graded, start: &dyn Fn() -> io::Result<Command>) -> Report {
    let record = Record::new();
    match start().and_then(|command| run(graded, &record, command)) {
        Ok(end) => judge(graded, &record, &end),
        Err(error) => {
            let got = format!("the grader could not run its child: {error}");
            Report { died: Some(got.clone()), ..report(&died(graded, (0, ""), got, ""), "") }
        }
    }
}

/// How a child ended, and what it printed.
struct End {
    /// `None` if it was stopped at the deadline.
    status: Option<ExitStatus>,
    stdout: String,
    stderr: String,
}

fn run(graded: &Graded, record: &Record, mut command: Command) -> io::Result<End> {
    let mut child = command
        // An answer reads its environment like every program; verdicts are not its to write.
        .env_remove(REPORT)
        .env(STAGE, graded.name())
        .env(RECORD, &record.path)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that died before it read says so by how it ended.
        let _ = stdin.write_all(record.secret.as_bytes());
    }
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let status = wait(&mut child)?;
    Ok(End { status, stdout: collected(stdout), stderr: collected(stderr) })
}

/// Waits for the child, but not beyond the deadline; then it is killed.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > DEADLINE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Reads a pipe to its end, since a full one would stop the child; keeps the last of it.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Option<JoinHandle<Vec<u8>>> {
    let mut pipe = pipe?;
    Some(thread::spawn(move || {
        let (mut kept, mut buffer) = (Vec::new(), [0; 8192]);
        while let Ok(n @ 1..) = pipe.read(&mut buffer) {
            kept.extend_from_slice(&buffer[..n]);
            if kept.len() > 2 * KEPT {
                kept.drain(..kept.len() - KEPT);
            }
        }
        kept
    }))
}

fn collected(reader: Option<JoinHandle<Vec<u8>>>) -> String {
    let bytes = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Turns the record and the end of the child into a report.
fn judge(graded: &Graded, record: &Record, end: &End) -> Report {
    let text = fs::read(&record.path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    match read(&text) {
        Some((word, body)) if word == record.secret => {
            let mut lines = body.splitn(3, '\n');
            let state = lines.next().unwrap_or_default();
            let state = State::parse(state).unwrap_or(State::Failing);
            let json = lines.next().unwrap_or_default().to_owned();
            let printed = last_words([&end.stdout, &end.stderr]);
            let text = with_output(lines.next().unwrap_or_default(), &printed);
            Report { state, json: with_key(&json, "printed", &printed), text, died: None }
        }
        other => {
            let call = match other {
                Some((CALLING, call)) => call.split_once('\n').unwrap_or_default(),
                _ => Default::default(),
            };
            let case = (call.0.parse().unwrap_or_default(), call.1);
            let (got, why) = cause(end);
            let printed = last_words([&end.stdout, &end.stderr]);
            Report { died: Some(got.clone()), ..report(&died(graded, case, got, why), &printed) }
        }
    }
}

/// What ended the child, in a learner's words, and the rule behind it.
fn cause(end: &End) -> (String, &'static str) {
    let Some(status) = end.status else {
        return (
            format!("no answer within {} seconds; the call was stopped", DEADLINE.as_secs()),
            "a loop that never ends, threads that wait for one another, or far too much work a call, here or in a stage \
             that this one calls",
        );
    };
    if end.stderr.contains("overflowed its stack") {
        return (
            "the stack overflowed".to_owned(),
            "a function that calls itself needs a case in which it does not",
        );
    }
    let mut lines = end.stderr.split(['\n', MARK]);
    if let Some(line) = lines.find(|line| line.starts_with("memory allocation of")) {
        let bytes: Option<u64> = line.split_whitespace().nth(3).and_then(|word| word.parse().ok());
        let asked =
            bytes.map_or_else(|| line.to_owned(), |bytes| format!("{} at once", size(bytes)));
        return (
            format!("out of memory: asked for {asked}, and may have {} in all", size(MEMORY)),
            "an answer needs memory in proportion to its input: does a loop push without end, or is \
             a length computed from a wrong number?",
        );
    }
    match status.code() {
        // Windows has no signals; what it ends has a code of an error of its own, from 0xC0000000 on.
        Some(code) if code.cast_unsigned() < 0xC000_0000 => (
            format!("the answer ended the whole process with exit code {code}"),
            "return a value; `std::process::exit` ends the program that called you",
        ),
        _ => (
            format!("the process was ended by the system ({status})"),
            "safe code rarely does this: look for `abort`, or for memory running out",
        ),
    }
}

/// `10.0 GiB`, `512 bytes`.
fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
    match bytes {
        0x4000_0000.. => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
        0x10_0000.. => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        _ => format!("{bytes} bytes"),
    }
}

/// The verdict on an answer that did not come back from this call, of the case with this number.
fn died(graded: &Graded, (case, call): (usize, &str), got: String, why: &str) -> Verdict {
    let origin = match graded.tree {
        Tree::Exercises => Origin::Exercises,
        Tree::Solutions => Origin::Solutions,
    };
    let expected = if call.is_empty() { "a verdict" } else { "a value" };
    Verdict {
        stage: graded.stage,
        origin,
        language: Language::Rust,
        outcome: Outcome::Failing(Box::new(Failure {
            case,
            call: call.to_owned(),
            expected: expected.to_owned(),
            got,
            diff: Vec::new(),
            why: why.to_owned(),
            misconceptions: Vec::new(),
        })),
    }
}

fn report(verdict: &Verdict, printed: &str) -> Report {
    let text = with_output(&verdict.to_string(), printed);
    let json = with_key(&verdict.to_json(), "printed", printed);
    Report { state: verdict.state(), json, text, died: None }
}

/// What an answer printed in its last call, standard output first; of much, the end.
fn last_words(streams: [&String; 2]) -> String {
    /// What the runtime says before it ends a process; [`cause`] has put it better.
    const RUNTIME: [&str; 4] =
        ["overflowed its stack", "fatal runtime error", "memory allocation of", "RUST_BACKTRACE"];
    let mut shown = Vec::new();
    for stream in streams {
        let last = stream.rsplit(MARK).next().unwrap_or_default().trim_end();
        let is_answers = |line: &&str| !RUNTIME.iter().any(|words| line.contains(words));
        let mut lines: Vec<&str> = last.lines().filter(is_answers).collect();
        if lines.iter().all(|line| line.is_empty()) {
            continue;
        }
        if lines.len() > LINES {
            shown.push("…".to_owned());
            lines.drain(..lines.len() - LINES);
        }
        shown.extend(lines.iter().map(|line| match line.char_indices().nth(COLUMNS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => (*line).to_owned(),
        }));
    }
    shown.join("\n")
}

/// A JSON object with one more key.
fn with_key(object: &str, key: &str, text: &str) -> String {
    let open = object.trim_end().strip_suffix('}').unwrap_or(object);
    format!("{open},{}:{}}}", json_string(key), json_string(text))
}

/// The verdict, and below it what the answer printed: a learner debugs with `println!`.
fn with_output(text: &str, printed: &str) -> String {
    if printed.is_empty() {
        return text.to_owned();
    }
    format!("{text}\n\nyour code printed, in the last call:\n  {}", printed.replace('\n', "\n  "))
}

/// Appends a verdict to the file that the caller asked for, if any.
pub(crate) fn append_report(report: &Report) -> io::Result<()> {
    let Some(path) = std::env::var_os(REPORT) else { return Ok(()) };
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(format!("{}\n", report.json).as_bytes())
}

/// A file that only one child writes to, removed in the end.
struct Record {
    path: PathBuf,
    /// The first word of a record that holds a verdict. The child reads it from its standard input before it
    /// runs the answer: an answer finds the file, and does not know the word.
    secret: String,
}

impl Record {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rust-for-ai-{}-{number}.record", std::process::id());
        // The keys of a `RandomState` come from the system's source of randomness.
        let secret = format!("{:016x}", RandomState::new().build_hasher().finish());
        Self { path: std::env::temp_dir().join(name), secret }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // The system's own cleaning takes what is left behind.
        let _ = fs::remove_file(&self.path);
    }
}
