//! placeholder
use crate::place::Place;
use anyhow::Result;
/// Part.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Part {
    /// k
    Kernel,
}
/// o
pub fn open(_: &Place, _: u16, _: bool) -> Result<bool> {
    Ok(true)
}
/// o
pub fn doctor(_: &Place) -> Result<bool> {
    Ok(true)
}
/// o
pub fn setup(_: &Place, _: Option<Part>) -> Result<bool> {
    Ok(true)
}
