//! A model from a hub in this process: a download that breaks, one that is altered, and a good one.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use apps::chat::hub::{Name, Place, fetch};

/// 100 kB, and what `sha256sum` says of them.
fn model() -> Vec<u8> {
    (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

const SHA256: &str = "e24ae9cbcc7500392dfa5d018f63f0bf87232dc30ae5996d8ca6b25c2ae4b665";

struct Hub {
    address: String,
    /// Connections that end after so many bytes of the file; later ones do not.
    broken: Arc<AtomicUsize>,
    starts: Arc<Mutex<Vec<usize>>>,
}

impl Hub {
    fn start(bytes: Vec<u8>, etag: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let hub = Self { address, broken: Arc::default(), starts: Arc::default() };
        let (broken, starts) = (Arc::clone(&hub.broken), Arc::clone(&hub.starts));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (bytes, broken, starts) =
                    (bytes.clone(), Arc::clone(&broken), Arc::clone(&starts));
                // A client that went away is no fault of the server's.
                thread::spawn(move || answer(stream, &bytes, etag, &broken, &starts));
            }
        });
        hub
    }
}

fn answer(
    mut stream: TcpStream,
    bytes: &[u8],
    etag: &str,
    broken: &AtomicUsize,
    starts: &Mutex<Vec<usize>>,
) -> std::io::Result<()> {
    let lines: Vec<String> = BufReader::new(stream.try_clone()?)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let asked = lines.first().map_or("", |line| line.split(' ').nth(1).unwrap_or_default());
    if asked != "/owner/repo/resolve/main/model.gguf" {
        return write!(
            stream,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let range = lines.iter().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned)
    });
    let range = range.unwrap_or_default();
    let (from, to) = range.split_once('-').unwrap_or(("0", ""));
    let from: usize = from.parse().unwrap_or(0);
    let to = to.parse().map_or(bytes.len(), |to: usize| to + 1);
    let all = bytes.len();
    let body = &bytes[from.min(all)..to.min(all)];
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{all}\r\n\
         ETag: \"{etag}\"\r\nx-repo-commit: 0123abc\r\nConnection: close\r\n\r\n",
        body.len(),
        to - 1,
    )?;
    if to == all {
        starts.lock().expect("no thread panicked").push(from);
        if broken.load(Ordering::SeqCst) > 0 {
            broken.fetch_sub(1, Ordering::SeqCst);
            return stream.write_all(&body[..body.len().min(30_000)]);
        }
    }
    stream.write_all(body)
}

fn place(name: &str, hub: &Hub) -> Place {
    let models = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hub").join(name);
    let _ = fs::remove_dir_all(&models);
    Place { models, endpoint: Some(hub.address.clone()) }
}

fn name() -> Name {
    Name::parse("owner/repo/model.gguf").expect("it is one")
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            path => vec![path],
        })
        .collect()
}

#[test]
fn what_the_hub_promises_is_stored_and_never_asked_for_again() {
    let hub = Hub::start(model(), SHA256);
    let place = place("good", &hub);
    let path = fetch(&name(), None, &place).expect("it is there");
    assert_eq!(fs::read(&path).expect("it is a file"), model());
    assert_eq!(files(&place.models), std::slice::from_ref(&path), "nothing else is left");
    let nobody = Place { endpoint: Some("http://127.0.0.1:9".to_owned()), ..place };
    assert_eq!(fetch(&name(), Some(SHA256), &nobody).expect("it is stored"), path);
    let error = fetch(&name(), Some(&"0".repeat(64)), &nobody).expect_err("it is another");
    assert!(error.to_string().contains(&format!("got {SHA256}")), "{error}");
}

#[test]
fn a_download_that_breaks_is_never_used_and_goes_on() {
    let hub = Hub::start(model(), SHA256);
    hub.broken.store(1, Ordering::SeqCst);
    let place = place("broken", &hub);
    let path = fetch(&name(), None, &place).expect("it goes on in the same run");
    assert_eq!(fs::read(path).expect("it is a file"), model());
    assert_eq!(*hub.starts.lock().expect("no panic"), [0, 30_000]);
}

#[test]
fn a_download_that_stays_broken_leaves_no_model_and_costs_no_byte_twice() {
    let hub = Hub::start([model(), model()].concat(), SHA256);
    hub.broken.store(usize::MAX, Ordering::SeqCst);
    let place = place("stays", &hub);
    let error = fetch(&name(), None, &place).expect_err("five attempts bring 150 kB of 200");
    assert!(error.to_string().contains("what has arrived is kept"), "{error}");
    assert!(!place.models.join("hf/owner/repo/model.gguf").exists());
    fetch(&name(), None, &place).expect_err("then it is whole, and not what was promised");
    let starts = hub.starts.lock().expect("no panic").clone();
    assert!(starts.is_sorted_by(|a, b| a < b), "{starts:?}");
}

#[test]
fn what_is_altered_is_not_stored() {
    let mut altered = model();
    altered[70_000] ^= 1;
    let hub = Hub::start(altered, SHA256);
    let place = place("altered", &hub);
    let error = fetch(&name(), None, &place).expect_err("it is altered").to_string();
    assert!(error.contains(&format!("expected the SHA-256 {SHA256}, got ")), "{error}");
    assert!(files(&place.models).is_empty(), "{:?}", files(&place.models));
}

#[test]
fn a_file_without_a_digest_needs_one() {
    let hub = Hub::start(model(), "abc123");
    let place = place("small", &hub);
    let error = fetch(&name(), None, &place).expect_err("nobody says what is right").to_string();
    assert!(error.contains("hint: `--sha256 HEX`"), "{error}");
    let upper = SHA256.to_ascii_uppercase();
    assert!(fetch(&name(), Some(&upper), &place).is_ok());
}

#[test]
fn what_the_hub_lacks_is_named() {
    let hub = Hub::start(model(), SHA256);
    let other = Name::parse("owner/repo/other.gguf").expect("it is one");
    let error = fetch(&other, None, &place("lacks", &hub)).expect_err("it has none").to_string();
    assert!(error.starts_with("hf:owner/repo/other.gguf: ") && error.contains("404"), "{error}");
}
