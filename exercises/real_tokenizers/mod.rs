//! Chapter `real_tokenizers`: from the textbook's tokenizer to the ids of real systems, a stage a file.

mod encode_fast;
mod load_tiktoken;
mod pretokenize_gpt2;
mod pretokenize_gpt4;
mod special_tokens;
mod train_incremental;
mod train_word_counts;

pub use encode_fast::encode_fast;
pub use load_tiktoken::Tiktoken;
pub use pretokenize_gpt2::pretokenize_gpt2;
pub use pretokenize_gpt4::pretokenize_gpt4;
pub use special_tokens::special_tokens;
pub use train_incremental::train_incremental;
pub use train_word_counts::train_word_counts;
