//! Chapter `real_tokenizers`: from the textbook's tokenizer to the ids of real systems, a stage a file.

mod pretokenize_gpt2;

pub use pretokenize_gpt2::pretokenize_gpt2;
