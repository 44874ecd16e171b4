//! A copy of the tree as a newcomer gets it: exercises unsolved, nothing set up, an empty home folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::store::Real;
use crate::stubs;

/// A fresh copy, with what was set up in it by an earlier step of the same run.
pub(super) struct Fresh {
    place: Place,
    home: PathBuf,
    /// Our own cache: the user's, or an empty one.
    cache: PathBuf,
    /// This program, as it was when the run began.
    program: PathBuf,
}

impl Fresh {
    /// As [`Fresh::make`], after everything that earlier runs left was removed.
    pub(super) fn from_nothing(place: &Place, cold: bool) -> Result<Self> {
        let folder = place.join("target/verify");
        let stale = ["checkout", "home", "browser-home"].iter().chain(cold.then_some(&"cache"));
        for name in stale.map(|name| folder.join(name)).filter(|path| path.exists()) {
            fs::remove_dir_all(&name).with_context(|| name.display().to_string())?;
        }
        Self::make(place, cold)
    }

    /// Copies the files that git knows, or would add. A copy that is there already is brought up to
    /// date; what it has set up stays.
    pub(super) fn make(place: &Place, cold: bool) -> Result<Self> {
        let folder = place.join("target/verify");
        let (root, home) = (folder.join("checkout"), folder.join("home"));
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(place.root())
            .output()
            .context("could not run `git`")?;
        if !listed.status.success() {
            bail!("git lists no files here: {}", String::from_utf8_lossy(&listed.stderr).trim());
        }
        for name in String::from_utf8(listed.stdout)?.split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (place.join(name), root.join(name));
            // Deleted and not yet committed.
            if !from.exists() {
                continue;
            }
            fs::create_dir_all(to.parent().context("a file has a folder")?)?;
            fs::copy(&from, &to).with_context(|| name.to_owned())?;
        }
        let copy = Place::at(&root);
        stubs::write(&copy, &Real)?;
        fs::create_dir_all(&home)?;
        let cache = match cold {
            true => folder.join("cache"),
            false => place.cache()?,
        };
        fs::create_dir_all(&cache)?;
        Ok(Self { place: copy, home, cache, program: super::program(place) })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// This program on the copy.
    pub(super) fn lab(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.place.root());
        self.at_home(command)
    }

    /// A Python script of the workbook on the copy.
    pub(super) fn python(&self, script: &str) -> Command {
        self.at_home(crate::setup::jupyter_command(&self.place, script))
    }

    /// A script that drives a browser, whose own files are nobody's concern.
    pub(super) fn person(&self, script: &str) -> Command {
        let mut command = self.python(script);
        command.env("HOME", self.home.with_file_name("browser-home"));
        command
    }

    /// A command in the empty home folder. Only cargo's, rustup's and pip's own folders stay where they
    /// are.
    fn at_home(&self, mut command: Command) -> Command {
        let at_home = |variable: &str, folder: &str| {
            std::env::var_os(variable)
                .map(PathBuf::from)
                .or_else(|| Some(std::env::home_dir()?.join(folder)))
        };
        for (variable, folder) in
            [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup"), ("PIP_CACHE_DIR", ".cache/pip")]
        {
            if let Some(path) = at_home(variable, folder) {
                command.env(variable, path);
            }
        }
        for variable in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        // Windows calls the home folder by another name, and keeps caches by none of these.
        command.env("HOME", &self.home).env("USERPROFILE", &self.home);
        command.env("RUST_FOR_AI_CACHE", &self.cache);
        command
    }

    /// Starts JupyterLab on the copy and waits for its address.
    pub(super) fn serve(&self) -> Result<Server> {
        let log = self.place.state("log/jupyter.log");
        fs::create_dir_all(self.place.state("log"))?;
        let file = File::create(&log).with_context(|| log.display().to_string())?;
        let child = self
            .lab(&["--no-browser", "--port", "8917"])
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("could not start JupyterLab")?;
        let mut server = Server { child, url: String::new() };
        let start = Instant::now();
        while server.url.is_empty() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let address = text
                .split_whitespace()
                .find(|word| word.starts_with("http://127.0.0.1") && word.contains("token="));
            server.url = address.unwrap_or_default().to_owned();
            if start.elapsed() > Duration::from_secs(60) || server.child.try_wait()?.is_some() {
                bail!("JupyterLab gave no address; its log:\n{text}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    /// Fails if anything but a cache was left in the home folder.
    pub(super) fn home_holds_only_caches(&self) -> Result<()> {
        let mut strangers = Vec::new();
        files_below(&self.home, &mut strangers)?;
        let caches = [".cache/pip", ".cache/rust-for-ai"].map(|cache| self.home.join(cache));
        strangers.retain(|path| {
            *path != self.home && !caches.iter().any(|cache| path.starts_with(cache))
        });
        match &strangers[..] {
            [] => Ok(()),
            _ => bail!("left in the home folder, expected nothing but our caches: {strangers:?}"),
        }
    }
}

/// Every file below a folder, and every folder without one.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let before = found.len();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, found)?;
        } else {
            found.push(path);
        }
    }
    if found.len() == before {
        found.push(folder.to_owned());
    }
    Ok(())
}

/// Sends whatever cargo and pip would fetch to a port where nobody listens.
pub(super) fn without_network(command: &mut Command) -> &mut Command {
    let nowhere = "http://127.0.0.1:9";
    for variable in
        ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "CARGO_HTTP_PROXY"]
    {
        command.env(variable, nowhere);
    }
    command
}

/// A running JupyterLab, stopped when dropped.
pub(super) struct Server {
    child: Child,
    url: String,
}

impl Server {
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked politely it stops its kernels too. Windows has no `kill`: there they outlive a run of `verify`.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let start = Instant::now();
        while asked.as_ref().is_ok_and(std::process::ExitStatus::success)
            && start.elapsed() < Duration::from_secs(10)
            && matches!(self.child.try_wait(), Ok(None))
        {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
