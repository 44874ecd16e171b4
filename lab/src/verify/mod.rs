//! All that CI runs, as steps with names.
//!
//! What needs a tree as it was given (notebooks against fresh exercises, JupyterLab in a browser, the
//! home folder) runs in a copy below `target/verify/`, with an empty home folder and the network shut
//! for cargo, so a learner's answers are neither graded nor touched.

mod fresh;
mod package;
mod pulse;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::run::{self, say};
use crate::{setup, vocabulary};
use fresh::Fresh;
pub use pulse::pulse;

/// What may be chosen for a run.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// Use no cache of our own.
    pub cold: bool,
    /// Llama-2's licence is accepted: fetch its vocabulary and compare ids under it.
    pub llama2: bool,
    /// Fetch the small model; then what needs it must run.
    pub model: bool,
}

/// A step: its name, what it proves, and how.
struct Step {
    name: &'static str,
    proves: &'static str,
    run: fn(&Place, Choices) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "format", proves: "every file is formatted", run: format },
    Step { name: "clippy", proves: "no warning, with each set of features", run: clippy },
    Step { name: "stubs", proves: "exercises are what solutions leave", run: stubs },
    Step { name: "test", proves: "what a learner runs: cargo test", run: test },
    Step {
        name: "gates",
        proves: "wrong answers fail, fast code equals naive code, files and syllabus agree",
        run: gates,
    },
    Step { name: "lab", proves: "nothing is lost, broken answers get a clear message", run: lab },
    Step {
        name: "models",
        proves: "models load, run and chat, and their logits are llama.cpp's",
        run: models,
    },
    Step {
        name: "peers",
        proves: "other tokenizers pass the checks and made the golden files",
        run: peers,
    },
    Step {
        name: "frames",
        proves: "the chapter on Polars, and the pipeline from a corpus to ids",
        run: frames,
    },
    Step { name: "docs", proves: "the documentation builds without a warning", run: docs },
    Step {
        name: "package",
        proves: "the Python package is built, tested and typed; wrong modules of `binding` fail; traps spring",
        run: package::package,
    },
    Step {
        name: "notebooks",
        proves: "set-up from nothing, then each notebook in its kernel, solved and fresh",
        run: fresh_notebooks,
    },
    Step {
        name: "browser",
        proves: "JupyterLab in a browser: wrong, then right, each verdict seen",
        run: browser,
    },
];

/// Runs all steps, or one; stops at the first that fails.
///
/// # Errors
///
/// A step fails, or `only` names none.
pub fn verify(place: &Place, choices: Choices, only: Option<&str>) -> Result<bool> {
    let chosen: Vec<&Step> =
        STEPS.iter().filter(|step| only.is_none_or(|name| name == step.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("no step `{}`\n\nhint: the steps are {}", only.unwrap_or_default(), names.join(", "));
    }
    keep_program(place)?;
    let mut times = Vec::new();
    for step in chosen {
        say(&format!("\n== {}: {}", step.name, step.proves));
        let start = Instant::now();
        (step.run)(place, choices).with_context(|| format!("the step `{}` fails", step.name))?;
        times.push(format!("{} {} s", step.name, start.elapsed().as_secs()));
    }
    say(&format!("\nverified: {}", times.join(", ")));
    Ok(true)
}

fn format(place: &Place, _: Choices) -> Result<()> {
    cargo(place, &["fmt", "--all", "--", "--check"])
}

/// The targets that `cargo test` leaves out.
const GATES: &[&str] = &[
    "--test",
    "wrong_answers",
    "--test",
    "differential",
    "--test",
    "mutations",
    "--test",
    "tidy",
    "--test",
    "reading",
];

/// All features of the library but `candle`, which takes minutes to compile: once in release is enough.
const LIGHT: &str = "notebook,parallel,default";

/// Everything, models too. Which packages are built together decides the features of what they share,
/// so each other choice would compile Candle once more: whatever runs models is built with these.
const MODELS: &[&str] =
    &["--features", "rust_for_ai/notebook,rust_for_ai/candle,apps/hub,apps/mine,bench/candle"];

fn clippy(place: &Place, _: Choices) -> Result<()> {
    for features in [&["--no-default-features"][..], &[], &["--features", LIGHT]] {
        let package =
            [&["clippy", "--quiet", "--all-targets"], features, &["--", "-D", "warnings"]];
        cargo(place, &package.concat())?;
    }
    // The gates are in no list of targets, so that a learner's `cargo test` does not build them.
    cargo(place, &[&["clippy", "--quiet"][..], GATES, &["--", "-D", "warnings"]].concat())?;
    // What the light build of the Python package says in the place of models.
    let python = ["clippy", "--quiet", "--package", "rust_for_ai_python", "--no-default-features"];
    cargo(place, &[&python[..], &["--", "-D", "warnings"]].concat())?;
    let all = ["clippy", "--quiet", "--workspace", "--all-targets"];
    cargo(place, &[&all[..], MODELS, &["--", "-D", "warnings"]].concat())
}

fn stubs(place: &Place, _: Choices) -> Result<()> {
    own(place, &["dev", "stubs", "--check"])?;
    own(place, &["dev", "notebooks", "--check"])
}

fn test(place: &Place, _: Choices) -> Result<()> {
    cargo(place, &["test"])
}

fn gates(place: &Place, _: Choices) -> Result<()> {
    cargo(place, &[&["test"][..], GATES].concat())?;
    // Stages of a chapter that is switched off are listed, with the reason.
    cargo(
        place,
        &["test", "--no-default-features", "--test", "curriculum", "--", "--include-ignored"],
    )?;
    // cargo runs the two kinds of tests of a library in two calls.
    for kind in ["--lib", "--doc"] {
        cargo(place, &["test", "--features", LIGHT, kind])?;
    }
    // The plot on the front page is what its record gives.
    cargo(
        place,
        &["run", "--quiet", "--features", LIGHT, "--example", "front_plot", "--", "--check"],
    )?;
    cargo(place, &["test", "--no-default-features", "--doc"])?;
    loom(place)
}

/// The stage that loom grades: the reference answer passes in every interleaving, and each wrong answer fails
/// and is recognised. A build of its own, as for `cargo lab check sharing.loom`.
fn loom(place: &Place) -> Result<()> {
    let build = ["--target-dir", "target/loom", "--no-default-features", "--features", "sharing"];
    let targets = ["--lib", "--test", "sharing", "--"];
    for (task, words) in [("clippy", &["-D", "warnings"][..]), ("test", &["loom"])] {
        let mut cargo = command(place, &[&[task][..], &build, &targets, words].concat());
        crate::grade::with_cfg(&mut cargo, "loom");
        done(&mut cargo)?;
    }
    Ok(())
}

fn lab(place: &Place, _: Choices) -> Result<()> {
    cargo(place, &["test", "--package", "lab", "--package", "grader", "--package", "solutions"])
}

fn models(place: &Place, choices: Choices) -> Result<()> {
    if choices.model {
        own(place, &["model", "--yes"])?;
    } else {
        say(
            "left out: what needs the small model, unless it is in the cache; `--fetch-model` fetches it",
        );
    }
    // The library, its graders with what is graded under `candle` only, and who runs models.
    let packages = ["--package", "rust_for_ai", "--package", "apps", "--package", "bench"];
    let targets = ["--lib", "--bins", "--tests"];
    let test = [&["test", "--release"], &packages[..], MODELS, &targets].concat();
    let needed = if choices.model { "1" } else { "0" };
    done(command(place, &test).env("RUST_FOR_AI_NEEDS_MODEL", needed))
}

/// What is compiled with Polars: apart, so that nothing else waits for it.
fn frames(place: &Place, _: Choices) -> Result<()> {
    let only = |package| ["--profile", "frames", "--package", package, "--no-default-features"];
    let library = [&only("rust_for_ai")[..], &["--features", "frames"]].concat();
    let targets = ["--lib", "--test", "frames", "--test", "tokenize"];
    cargo(place, &[&["test"], &library[..], &targets].concat())?;
    cargo(place, &[&["test"], &library[..], &["--doc"]].concat())?;
    // The gate knows the wrong answers of all chapters, and this build those of this one as well.
    let gate = ["test", "--profile", "frames", "--features", "frames", "--test", "wrong_answers"];
    cargo(place, &gate)?;
    let program = [&only("apps")[..], &["--features", "tokenize"]].concat();
    cargo(place, &[&["test"], &program[..]].concat())?;
    let out = place.join("target/verify/tokens");
    let _ = std::fs::remove_dir_all(&out);
    own(place, &["tokenize", "data/declaration.tsv", &out.to_string_lossy()])?;
    let warnings = ["--", "-D", "warnings"];
    cargo(place, &[&["clippy", "--quiet"], &library[..], &targets, &warnings].concat())?;
    cargo(place, &[&["clippy", "--quiet", "--all-targets"], &program[..], &warnings].concat())?;
    // Pages link to each other over chapters, so all of them are there.
    let pages = ["doc", "--quiet", "--no-deps", "--profile", "frames", "--features", "frames"];
    done(command(place, &pages).env("RUSTDOCFLAGS", "-D warnings"))
}

fn peers(place: &Place, choices: Choices) -> Result<()> {
    cargo(place, &["test", "--release", "--package", "bench"])?;
    for made in ["golden", "unicode"] {
        let check = ["run", "--quiet", "--release", "--package", "bench", "--bin", made];
        cargo(place, &[&check[..], &["--", "--check"]].concat())?;
    }
    if !choices.llama2 {
        say("left out: ids under Llama-2's vocabulary, which has a licence of its own; \
             `--accept-llama2-licence` accepts it, fetches the vocabulary and compares");
        return Ok(());
    }
    own(place, &["vocabulary", "llama2", "--accept-licence"])?;
    let pieces = vocabulary::path(place)?.display().to_string();
    let compare = ["run", "--quiet", "--release", "--package", "bench", "--bin", "llama2", "--"];
    cargo(place, &[&compare[..], &[&pieces]].concat())
}

fn docs(place: &Place, _: Choices) -> Result<()> {
    let all = ["doc", "--quiet", "--workspace", "--no-deps"];
    let mut doc = command(place, &[&all[..], MODELS].concat());
    done(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Everything a newcomer's first hour needs, on an empty home folder.
fn fresh_notebooks(place: &Place, Choices { cold, .. }: Choices) -> Result<()> {
    let fresh = Fresh::from_nothing(place, cold)?;
    done(&mut fresh.lab(&["setup"]))?;
    let start = Instant::now();
    done(&mut fresh.lab(&["setup"]))?;
    say(&format!("setting up again, with nothing missing: {:.1} s", start.elapsed().as_secs_f64()));
    done(&mut fresh.lab(&["doctor"]))?;
    // Its crates take minutes, so nobody else's set-up has them.
    for part in ["python", "kernel"] {
        done(&mut fresh.lab(&["setup", part, "--chapter", "frames"]))?;
    }
    for tree in ["solutions", "exercises"] {
        done(fresh::without_network(&mut fresh.lab(&["dev", "notebooks", "--run", tree])))?;
    }
    done(fresh.python("lab/assets/notebooks.py").arg("broken"))?;
    fresh.home_holds_only_caches()
}

fn browser(place: &Place, Choices { cold, .. }: Choices) -> Result<()> {
    let fresh = Fresh::make(place, cold)?;
    done(&mut fresh.lab(&["setup"]))?;
    setup::install_extra(fresh.place(), "lab/assets/requirements-verify.txt")?;
    let server = fresh.serve()?;
    let pictures = place.join("target/verify/pictures");
    let mut person = fresh.person("lab/assets/browser.py");
    person.arg(server.url()).arg(fresh.place().root()).arg(&pictures);
    let seen = done(&mut person);
    drop(server);
    seen?;
    // What the person saw in the notebook, the other two ways say too.
    done(&mut fresh.lab(&["check", "bpe.pair_counts"]))?;
    done(command(fresh.place(), &["test", "--test", "bpe"]).env_remove("CARGO_TARGET_DIR"))?;
    fresh.home_holds_only_caches()
}

/// Compares the syllabus with files, notebooks and README, or rewrites what is generated.
///
/// # Errors
///
/// cargo cannot be run.
pub fn tidy(place: &Place, write: bool) -> Result<bool> {
    let mut test = command(place, &["test", "--quiet", "--test", "tidy"]);
    // A rule that is broken is told in words; a back trace adds nothing.
    test.env("RUST_BACKTRACE", "0");
    if write {
        test.env("RUST_FOR_AI_TIDY", "write");
    }
    Ok(test.status().context("could not run `cargo`")?.success())
}

/// Strips the notebooks of outputs, or says which have some, or runs them against a tree.
///
/// # Errors
///
/// A notebook cannot be read, or Python is not set up.
pub fn notebooks(place: &Place, check: bool, tree: Option<&str>) -> Result<bool> {
    let paths = place.notebooks()?;
    let script = |arguments: &[&str]| -> Result<bool> {
        let mut python = setup::jupyter_command(place, "lab/assets/notebooks.py");
        python.args(arguments).args(&paths);
        match python.status() {
            Ok(status) => Ok(status.success()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("no Python environment yet\n\nhint: cargo lab setup python")
            }
            Err(error) => Err(error).context("could not run Python"),
        }
    };
    match (tree, check) {
        (Some(tree), _) => script(&["run", tree]),
        (None, true) => strip(place, &paths, false),
        (None, false) => strip(place, &paths, true),
    }
}

/// Takes out outputs, execution counts and what editors add; needs no Python.
fn strip(place: &Place, paths: &[PathBuf], write: bool) -> Result<bool> {
    let mut clean = true;
    for path in paths {
        let name = path.strip_prefix(place.root()).unwrap_or(path).display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
        let stripped = stripped(&text).with_context(|| name.clone())?;
        if stripped == text {
            continue;
        }
        clean = false;
        if write {
            crate::store::replace(&crate::store::Real, path, stripped.as_bytes())?;
            say(&format!("stripped {name}"));
        } else {
            say(&format!(
                "{name} has outputs, or is not written as notebooks are here\n\nhint: cargo lab dev notebooks"
            ));
        }
    }
    Ok(clean || write)
}

/// A notebook without what running it leaves behind, keys in order, one space deep.
pub(crate) fn stripped(text: &str) -> Result<String> {
    use serde_json::{Value, json};
    let mut notebook: Value = serde_json::from_str(text).context("not a notebook")?;
    let kernel = &notebook["metadata"]["kernelspec"];
    let language = kernel["language"].clone();
    notebook["metadata"] = json!({"kernelspec": kernel, "language_info": {"name": language}});
    for cell in notebook["cells"].as_array_mut().context("no cells")? {
        cell["metadata"] = json!({});
        if cell["cell_type"] == "code" {
            cell["execution_count"] = Value::Null;
            cell["outputs"] = json!([]);
        }
    }
    let mut out = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, indent);
    serde::Serialize::serialize(&notebook, &mut writer)?;
    out.push(b'\n');
    Ok(String::from_utf8(out)?)
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = run::cargo();
    command.args(arguments).current_dir(place.root());
    command
}

fn cargo(place: &Place, arguments: &[&str]) -> Result<()> {
    done(&mut command(place, arguments))
}

/// This very program on the checkout.
fn own(place: &Place, arguments: &[&str]) -> Result<()> {
    done(Command::new(program(place)).args(arguments).current_dir(place.root()))
}

/// Where a copy of this program is; cargo may build another one over the original meanwhile.
fn program(place: &Place) -> PathBuf {
    place.join("target/verify").join(format!("lab{}", std::env::consts::EXE_SUFFIX))
}

/// Makes that copy.
fn keep_program(place: &Place) -> Result<()> {
    let (this, copy) =
        (std::env::current_exe().context("the path of this program")?, program(place));
    std::fs::create_dir_all(place.join("target/verify"))?;
    // An older copy may still be running, as the parent of a JupyterLab that was left open.
    let _ = std::fs::remove_file(&copy);
    std::fs::copy(&this, &copy).with_context(|| this.display().to_string())?;
    Ok(())
}

/// Runs a command whose output goes where ours does.
fn done(command: &mut Command) -> Result<()> {
    let words = command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let line = format!("{} {words}", program.to_string_lossy());
    say(&format!("-- {line}"));
    let status = command.status().with_context(|| format!("could not run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` fails ({status})");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::stripped;

    #[test]
    fn what_running_leaves_behind_is_taken_out() {
        let run = r#"{"cells":[{"cell_type":"code","execution_count":3,"id":"a","metadata":{"x":1},
            "outputs":[{"output_type":"stream"}],"source":["1"]}],
            "metadata":{"kernelspec":{"language":"rust","name":"rust"},"widgets":{}},"nbformat":4,"nbformat_minor":5}"#;
        let once = stripped(run).expect("a notebook");
        assert!(!once.contains("stream") && !once.contains("widgets") && !once.contains('3'));
        assert_eq!(stripped(&once).expect("still a notebook"), once);
    }
}
