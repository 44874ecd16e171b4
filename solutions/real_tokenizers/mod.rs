//! Chapter `real_tokenizers`: from the textbook's tokenizer to the ids of real systems, a stage a file.

mod encode_fast;
mod load_tiktoken;
mod pretokenize_gpt2;
mod pretokenize_gpt4;
mod repair_after_special;
mod repair_byte_table;
mod repair_lookahead;
mod repair_lost_text;
mod repair_quadratic;
mod sentencepiece;
mod special_tokens;
mod train_incremental;
mod train_word_counts;

pub use encode_fast::encode_fast;
pub use load_tiktoken::Tiktoken;
pub use pretokenize_gpt2::pretokenize_gpt2;
pub use pretokenize_gpt4::pretokenize_gpt4;
pub use repair_after_special::repair_after_special;
pub use repair_byte_table::repair_byte_table;
pub use repair_lookahead::repair_lookahead;
pub use repair_lost_text::repair_lost_text;
pub use repair_quadratic::repair_quadratic;
pub use sentencepiece::SentencePiece;
pub use special_tokens::special_tokens;
pub use train_incremental::train_incremental;
pub use train_word_counts::train_word_counts;
