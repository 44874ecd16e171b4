//! What git knows: the new version, what was handed out, and whether the branch can follow.
//!
//! Git is only asked, until all files are in place; then the branch is moved on, if that is a mere step forward
//! and nothing is staged. No merge, no rebase, no stash: each of these may stop half way, in a state that a
//! learner has never seen. A branch with commits of its own stays where it is, and what the update changed
//! stands in the tree, to be committed like any edit.
//!
//! Whether a file is untouched is asked of the whole history: a file whose bytes some commit of the workbook has
//! at that path was handed out by it. So an update that was done by hand, half done, or taken back by a
//! checkout of an older version makes no file look edited.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};

use super::tree::{File, Tree};

/// The repository of a checkout.
#[derive(Debug)]
pub(super) struct Git {
    root: PathBuf,
}

impl Git {
    /// The repository whose top folder this is; nothing if there is none.
    ///
    /// # Errors
    ///
    /// There is one, and git cannot read it or is not there.
    pub(super) fn of(root: &Path) -> Result<Option<Self>> {
        if !root.join(".git").exists() {
            return Ok(None);
        }
        let git = Self { root: root.to_owned() };
        git.run(&["rev-parse", "--git-dir"])?;
        Ok(Some(git))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.root).args(["-c", "core.quotepath=off"]).args(words);
        // A hook of another repository sets these.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command.env_remove(variable);
        }
        command
    }

    /// What git prints.
    fn run(&self, words: &[&str]) -> Result<Vec<u8>> {
        self.run_with(words, Vec::new())
    }

    fn run_with(&self, words: &[&str], input: Vec<u8>) -> Result<Vec<u8>> {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("could not run `git`")?;
        let mut pipe = child.stdin.take().context("`git` takes no input")?;
        // It answers while it reads, so a thread of its own feeds it; if it ends early, its message says why.
        let feeder = thread::spawn(move || pipe.write_all(&input));
        let output = child.wait_with_output().context("`git`")?;
        let _ = feeder.join();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`git {}` failed: {}", words.join(" "), said.trim());
        Ok(output.stdout)
    }

    fn line(&self, words: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.run(words)?).trim().to_owned())
    }

    fn says_yes(&self, words: &[&str]) -> bool {
        let mut command = self.command(words);
        let status =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// Where new versions come from: `upstream`, as a fork names the original, or else `origin`.
    fn remote(&self) -> Result<String> {
        let remotes = self.line(&["remote"])?;
        let known: Vec<&str> = remotes.lines().collect();
        let wanted = ["upstream", "origin"].into_iter().find(|name| known.contains(name));
        match wanted.or_else(|| known.first().copied()) {
            Some(remote) => Ok(remote.to_owned()),
            None => bail!(
                "this clone knows no remote to take a new version from\n\n\
                 hint: git remote add origin ADDRESS, or: cargo lab update --from FOLDER"
            ),
        }
    }

    /// Fetches, and nothing else; git may ask for a password.
    ///
    /// # Errors
    ///
    /// There is no remote, or it does not answer; git has said why.
    pub(super) fn fetch(&self) -> Result<()> {
        let remote = self.remote()?;
        let status = self.command(&["fetch", "--quiet", &remote]).status();
        ensure!(
            status.context("could not run `git`")?.success(),
            "could not fetch from `{remote}`; nothing was changed\n\n\
             hint: without a network, unpack a new version anywhere: cargo lab update --from FOLDER"
        );
        Ok(())
    }

    /// The newest commit that was fetched, with the name of its branch.
    ///
    /// # Errors
    ///
    /// The remote is not known, or has no branch that is known.
    pub(super) fn newest(&self) -> Result<(String, String)> {
        let remote = self.remote()?;
        let named = ["HEAD", "main", "master"].map(|branch| format!("{remote}/{branch}"));
        for name in named.iter().map(String::as_str).chain(["@{upstream}"]) {
            let asked = format!("{name}^{{commit}}");
            if let Ok(commit) = self.line(&["rev-parse", "--verify", "--quiet", &asked]) {
                let short = self.line(&["rev-parse", "--abbrev-ref", name]);
                return Ok((commit, short.unwrap_or_else(|_| name.to_owned())));
            }
        }
        bail!("`{remote}` has no branch that is known here\n\nhint: git fetch {remote}")
    }

    /// The commit that is checked out, if there is one yet.
    pub(super) fn head(&self) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).ok()
    }

    /// Whether one commit is the other or an ancestor of it.
    pub(super) fn is_before(&self, one: &str, other: &str) -> bool {
        self.says_yes(&["merge-base", "--is-ancestor", one, other])
    }

    /// The versions that the tree may stem from: the one that was taken last, and what git has in common.
    pub(super) fn bases(&self, taken: Option<&str>, newest: &str) -> Vec<String> {
        let common = self.head().and_then(|head| self.line(&["merge-base", &head, newest]).ok());
        let is_commit = |name: &&str| {
            let hex = name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            hex && self.says_yes(&["cat-file", "-e", &format!("{name}^{{commit}}")])
        };
        let taken = taken.filter(is_commit).map(str::to_owned);
        taken.into_iter().chain(common).collect()
    }

    /// All files of a commit.
    ///
    /// # Errors
    ///
    /// Git cannot read it.
    pub(super) fn tree(&self, commit: &str) -> Result<Tree> {
        let listed = self.run(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let mut names = Vec::new();
        let mut asked = String::new();
        for entry in String::from_utf8_lossy(&listed).split_terminator('\0') {
            let (what, path) = entry.split_once('\t').context("`git ls-tree`: no path")?;
            let mut words = what.split(' ');
            // Links and other repositories are not for us.
            let (Some(mode @ ("100644" | "100755")), Some(_), Some(blob)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            names.push((path.to_owned(), mode == "100755"));
            asked += &format!("{blob}\n");
        }
        let answer = self.run_with(&["cat-file", "--batch"], asked.into_bytes())?;
        let mut rest = &answer[..];
        let mut tree = Tree::new();
        for (path, executable) in names {
            let broken = || format!("`git cat-file` ended at `{path}`");
            let end = rest.iter().position(|byte| *byte == b'\n').with_context(broken)?;
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let size: usize =
                head.rsplit(' ').next().and_then(|size| size.parse().ok()).with_context(broken)?;
            let bytes = rest.get(end + 1..end + 1 + size).with_context(broken)?.to_vec();
            rest = rest.get(end + size + 2..).with_context(broken)?;
            tree.insert(path, File { bytes, executable });
        }
        Ok(tree)
    }

    /// Which of these files some commit before the newest has, byte for byte, at the same path.
    ///
    /// # Errors
    ///
    /// Git cannot read its history.
    pub(super) fn handed_out(&self, newest: &str, paths: &[String]) -> Result<BTreeSet<String>> {
        if paths.is_empty() {
            return Ok(BTreeSet::new());
        }
        let listed = self.run_with(
            &["hash-object", "--stdin-paths"],
            paths.iter().flat_map(|path| format!("{path}\n").into_bytes()).collect(),
        )?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let now: BTreeMap<&str, &str> =
            paths.iter().map(String::as_str).zip(listed.lines()).collect();
        let log = ["log", "--raw", "-z", "--no-abbrev", "--no-renames", "-m", "--format=", newest];
        let log = self.run(&log)?;
        let log = String::from_utf8_lossy(&log);
        // `:100644 100644 OLD NEW M`, then the path.
        let mut words = log.split('\0').map(|word| word.trim_start_matches('\n'));
        let mut found = BTreeSet::new();
        while let Some(word) = words.next() {
            let Some(blob) = word.strip_prefix(':').and_then(|word| word.split(' ').nth(3)) else {
                continue;
            };
            let path = words.next().unwrap_or_default();
            if now.get(path) == Some(&blob) {
                found.insert(path.to_owned());
            }
        }
        Ok(found)
    }

    /// Why the branch cannot step forward to a commit; nothing if it can.
    pub(super) fn hindrance(&self, head: &str, newest: &str) -> Option<String> {
        if !self.is_before(head, newest) {
            let own = self.line(&["rev-list", "--count", &format!("{newest}..{head}")]);
            let own = own.unwrap_or_else(|_| "some".to_owned());
            return Some(format!("it has commits of its own ({own})"));
        }
        let git = self.line(&["rev-parse", "--absolute-git-dir"]).unwrap_or_default();
        for busy in
            ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"]
        {
            if Path::new(&git).join(busy).exists() {
                return Some(format!("git is in the middle of something (`{busy}`)"));
            }
        }
        (self.staged(head) && self.staged(newest)).then(|| "something is staged".to_owned())
    }

    /// Whether the index holds anything else than this commit. A step forward that was interrupted leaves an index
    /// of the newer commit, in which nothing is staged either.
    fn staged(&self, commit: &str) -> bool {
        !self.says_yes(&["diff", "--cached", "--quiet", commit])
    }

    /// Moves the branch on; files stay as they are. Done once is done for good.
    ///
    /// # Errors
    ///
    /// Git refuses; then the branch is where it was.
    pub(super) fn step_forward(&self, from: &str, to: &str) -> Result<bool> {
        let at = self.head();
        if at.as_deref() == Some(to) {
            return Ok(true);
        }
        if at.as_deref() != Some(from) || self.staged(from) && self.staged(to) {
            return Ok(false);
        }
        self.run(&["reset", "--quiet", "--mixed", to])?;
        Ok(true)
    }

    /// How many commits lie between two.
    pub(super) fn count(&self, from: &str, to: &str) -> Option<usize> {
        self.line(&["rev-list", "--count", &format!("{from}..{to}")]).ok()?.parse().ok()
    }
}
