//! The decision of one file: what was handed out, what is there now, what the new version has.
//!
//! The law: **what a learner wrote is never replaced where it stands, and never gone.** In `exercises/` and
//! `notebooks/` an edited file stays under its name, and the new one lies beside it. Everywhere else the workbook
//! has to fit together, or nothing builds; there lines are merged, or the new file takes the place and the
//! edited one is kept among the backups. The manifests in `exercises/` belong to that: without a new feature in
//! them not even `lab` is built.
//!
//! A package manager asks such a question in the middle of its work, and a wrong key loses a file; a merge of
//! lines may join an answer and a new task into something that nobody wrote. So nothing is asked, and an answer
//! is never merged.

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An exercise, in Rust or Python.
    Answer,
    /// What holds the exercises together: lists of modules, manifests. Seldom edited, and needed whole.
    List,
    /// A notebook.
    Notebook,
    /// Everything else.
    Workbook,
}

impl Kind {
    pub(super) fn of(path: &str) -> Self {
        let ends = |ending: &str| path.ends_with(ending);
        match path.split('/').next() {
            Some("exercises") if ends("/mod.rs") || ends("/lib.rs") => Self::List,
            Some("exercises") if ends(".rs") || ends(".py") => Self::Answer,
            Some("exercises") => Self::List,
            Some("notebooks") if ends(".ipynb") => Self::Notebook,
            _ => Self::Workbook,
        }
    }

    /// Whether the learner works in it.
    pub(super) fn is_the_learners(self) -> bool {
        self != Self::Workbook
    }
}

/// The file as it is now, beside what was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Now {
    /// It is not there.
    Gone,
    /// As some version of the workbook handed it out.
    Untouched,
    /// A notebook with the cells that were handed out, and outputs.
    Run,
    /// Anything else, also where nobody knows what was handed out.
    Edited,
}

/// The file in the new version, beside what was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The new version has no such file.
    Gone,
    /// As it was handed out.
    Same,
    /// Changed since, or nobody knows.
    Changed,
}

/// What to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It stays as it is.
    Leave,
    /// The new one is put in its place.
    Take,
    /// As `Take`; the one that was run is laid beside.
    TakeAndLayRun,
    /// It goes.
    Remove,
    /// It stays, and the new one is laid beside.
    LayBeside,
    /// It stays, although the workbook has it no more.
    Outlive,
    /// The lines of both, where they do not touch.
    Merge,
}

/// The decision; the table in ARCHITECTURE.md, as code.
pub(super) fn decide(kind: Kind, now: Now, next: Next) -> Action {
    match (now, next) {
        (Now::Gone, Next::Gone) => Action::Leave,
        // A file that is missing can lose nothing.
        (Now::Gone, _) => Action::Take,
        (Now::Untouched, Next::Gone) => Action::Remove,
        (Now::Untouched, _) => Action::Take,
        (Now::Run | Now::Edited, Next::Gone) if kind.is_the_learners() => Action::Outlive,
        // It would be built and fail; it is kept, as everything that goes.
        (Now::Run | Now::Edited, Next::Gone) => Action::Remove,
        (Now::Run | Now::Edited, Next::Same) => Action::Leave,
        (Now::Run, Next::Changed) => Action::TakeAndLayRun,
        (Now::Edited, Next::Changed) => match kind {
            Kind::Answer | Kind::Notebook => Action::LayBeside,
            Kind::List | Kind::Workbook => Action::Merge,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_edited_in_the_learners_folders_is_never_taken_or_removed() {
        for kind in [Kind::Answer, Kind::List, Kind::Notebook] {
            for next in [Next::Gone, Next::Same, Next::Changed] {
                let action = decide(kind, Now::Edited, next);
                let replaces =
                    matches!(action, Action::Take | Action::TakeAndLayRun | Action::Remove);
                assert!(!replaces, "{kind:?} {next:?}: {action:?}");
            }
        }
        assert_eq!(decide(Kind::Answer, Now::Edited, Next::Changed), Action::LayBeside);
        assert_eq!(decide(Kind::Answer, Now::Edited, Next::Gone), Action::Outlive);
        assert_eq!(decide(Kind::Answer, Now::Untouched, Next::Changed), Action::Take);
        assert_eq!(decide(Kind::Notebook, Now::Run, Next::Changed), Action::TakeAndLayRun);
    }

    #[test]
    fn a_path_says_whose_a_file_is() {
        for (path, kind) in [
            ("exercises/bpe/merge.rs", Kind::Answer),
            ("exercises/python/bpe.py", Kind::Answer),
            ("exercises/bpe/mod.rs", Kind::List),
            ("exercises/lib.rs", Kind::List),
            ("exercises/Cargo.toml", Kind::List),
            ("notebooks/rust/20_bpe.ipynb", Kind::Notebook),
            ("src/bpe/merge.rs", Kind::Workbook),
            ("README.md", Kind::Workbook),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
