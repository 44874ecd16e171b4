//! A chat with a quantised Llama in the terminal.
fn main() {}
