//! The command line of the workbook, `cargo lab`.
//!
//! It never links the learner's code: to grade, it has cargo build a test target and runs that. So a
//! broken answer breaks a verdict and nothing else.
//!
//! | module | what it does |
//! |---|---|
//! | [`place`] | finds the checkout, from any subfolder, and names its files |
//! | [`store`] | writes files so that a crash, a full disk or a second `lab` loses nothing |
//! | [`progress`] | what was solved, hinted and revealed, in one small text file |
//! | [`stubs`] | makes an exercise out of a solution |
//! | [`new_stage`] | writes a stage that compiles, for an author to fill |
//! | [`grade`] | builds and runs a chapter's grader, and reads its verdicts |
//! | [`answers`] | keeps, resets and restores answers |
//! | [`rustc`] | names the place of an error in a notebook |
//! | [`witness`] | names the call that ended a notebook's process |
//! | [`setup`] | the Python environment, the Rust kernel, JupyterLab |
//! | [`verify`] | all that CI runs |
//! | [`fetch`] | what is fetched once for all checkouts, after a yes |
//! | [`vocabulary`] | fetches what may not be in this project, once its licence is accepted |
//! | [`model`] | fetches the small model of the chapter `llama` |
//! | [`chat`] | builds the chat in release, and becomes it |
//! | [`update`] | takes a new version of the workbook, and loses nothing of the learner's |
//! | [`quiz`] | flash cards from the interview reading |
//! | [`commands`] | one function a subcommand |

pub mod answers;
pub mod chat;
pub mod commands;
pub mod fetch;
pub mod grade;
mod launch;
pub mod model;
pub mod new_stage;
pub mod place;
pub mod progress;
pub mod quiz;
pub mod run;
pub mod rustc;
pub mod setup;
pub mod store;
pub mod stubs;
pub mod tokenize;
pub mod update;
pub mod verify;
pub mod vocabulary;
pub mod witness;
