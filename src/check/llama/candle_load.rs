//! Check `llama.candle_load`: Candle's Llama on a toy, against the oracle of `llama.forward`.
//!
//! The toy's weights go into a GGUF file in memory, which Candle itself writes. Expected logits are those of
//! the formula in `f64`, so this also proves that Candle computes what the chapter teaches.
//!
//! The last cases have the answer run Candle's own tokenizer beside right ids. Those are literals, the ids of
//! our tokenizer; `bench/tests/candle_tokenizer.rs` proves that they are, and compares the two on the small
//! model as well.
//!
//! Longer than most files here, since the stage has two functions to grade.

use std::collections::HashMap;
use std::io::Cursor;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use tokenizers::Tokenizer;

use super::TINY;
use super::forward::oracle;
use super::toy::{Sizes, Toy, VOCABULARY};
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong, quietly};
use crate::course::llama::CANDLE_LOAD;
use crate::llama::parts::{Greedy, Matrix, Norm, Weights};

/// The two functions of an answer.
trait Answers {
    fn load(&self, file: &[u8]) -> Result<Box<dyn Greedy>, String>;

    fn first_difference(
        &self,
        file: &[u8],
        text: &str,
        ids: &[u32],
    ) -> Result<Option<usize>, String>;
}

type Answer = dyn Answers;

/// Functions as they are handed over.
struct Both<L, D>(L, D);

impl<M, L, D> Answers for Both<L, D>
where
    M: Greedy + 'static,
    L: Fn(&[u8]) -> Result<M, String>,
    D: Fn(&[u8], &str, &[u32]) -> Result<Option<usize>, String>,
{
    fn load(&self, file: &[u8]) -> Result<Box<dyn Greedy>, String> {
        Ok(Box::new(self.0(file)?))
    }

    fn first_difference(
        &self,
        file: &[u8],
        text: &str,
        ids: &[u32],
    ) -> Result<Option<usize>, String> {
        self.1(file, text, ids)
    }
}

/// Grades a model, given by how it is made from the bytes of a file, and a function from a file, a text and
/// ids to the first of them that Candle's own tokenizer has otherwise:
/// `candle_load(Candle::load, first_difference)`.
pub fn candle_load<M: Greedy + 'static>(
    load: impl Fn(&[u8]) -> Result<M, String> + 'static,
    first_difference: impl Fn(&[u8], &str, &[u32]) -> Result<Option<usize>, String> + 'static,
) -> Verdict {
    let origin = Origin::of(&load);
    check(&Both(load, first_difference), origin)
}

#[derive(Clone, Debug)]
enum Call {
    Logits(Vec<u32>),
    Greedy(Vec<u32>, usize),
}

struct Input {
    file: Vec<u8>,
    sizes: Sizes,
    /// What the file is, if not a toy.
    broken: Option<&'static str>,
    calls: Vec<Call>,
    /// A text and its ids; then Candle's tokenizer is asked, and not its model.
    text: Option<(&'static str, &'static [u32])>,
}

#[derive(PartialEq)]
enum Reply {
    /// The file could not be read; with which words is Candle's affair.
    Refused,
    /// It panicked on a file that is broken.
    Panicked,
    Logits(Near),
    Ids(Vec<u32>),
    Differs(Option<usize>),
}

const WITHIN: f32 = 1e-3;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &CANDLE_LOAD,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, Input { file, calls, broken, text, .. }: &Input| {
            let broken = broken.is_some();
            if let Some((text, ids)) = text {
                let differs = caught(broken, || answer.first_difference(file, text, ids));
                return vec![differs.map_or_else(|reply| reply, Reply::Differs)];
            }
            let mut model = match caught(broken, || answer.load(file)) {
                Ok(model) => model,
                Err(reply) => return vec![reply],
            };
            let reply = |call: &Call| match call {
                Call::Logits(ids) => {
                    model.logits(ids).map(|logits| Reply::Logits(Near::new(logits, WITHIN)))
                }
                Call::Greedy(ids, n) => model.greedy(ids, *n).map(Reply::Ids),
            };
            calls.iter().map(reply).map(|reply| reply.unwrap_or(Reply::Refused)).collect()
        },
        call,
        show: |replies| {
            let show = |reply: &Reply| match reply {
                Reply::Refused => "Err(…)".to_owned(),
                Reply::Panicked => "a panic".to_owned(),
                Reply::Logits(logits) => format!("Ok({})", logits.show()),
                Reply::Ids(ids) => format!("Ok({ids:?})"),
                Reply::Differs(at) => format!("Ok({at:?})"),
            };
            replies.iter().map(show).collect::<Vec<_>>().join("\n")
        },
        diff: |input, _, _| {
            // What the learner cannot see from outside: both lists.
            let Some((text, ids)) = input.text else { return Vec::new() };
            match candles_ids(&input.file, text) {
                Ok(theirs) => vec![format!("given {ids:?}"), format!("Candle {theirs:?}")],
                Err(error) => vec![format!("Candle says: {error}")],
            }
        },
    };
    exam.sit(cases())
}

/// What an answer gives; else the reply. A panic on a file that is broken is a reply, too: with which words
/// it panics depends on how it was unwrapped, and on back traces. Any other goes on to the exam.
fn caught<T>(broken: bool, call: impl FnOnce() -> Result<T, String>) -> Result<T, Reply> {
    let result = match broken {
        true => quietly(call),
        false => Ok(call()),
    };
    match result {
        Ok(result) => result.map_err(|_| Reply::Refused),
        Err(caught) if caught.todo().is_none() => Err(Reply::Panicked),
        Err(caught) => caught.again(),
    }
}

const LOGITS: &str = "all ids go in at position 0, and the logits come after the last one";
const GREEDY: &str = "each chosen id is fed alone, at the position that follows those in the cache";
const ANEW: &str = "each call is a conversation of its own: its first id stands at position 0";
const BROKEN: &str = "what Candle cannot read is an `Err`";
const SAME: &str = "Candle's tokenizer gives these very ids, so there is no difference";
const SPACE: &str = "Candle's tokenizer puts a space in front of a text that has none: ` In` is another token \
                     than `In`, and nothing says so";
const CONTROL: &str = "Candle's tokenizer makes a control token of what a user wrote, and so a user can end \
                       their turn and speak as the system";
const SHORTER: &str = "a list that ends where the other one goes on differs there";
const LLAMA_2: &str = "Candle makes no tokenizer of a file of Llama-2's kind: that is an `Err`";

fn cases() -> impl Iterator<Item = Case<Input, Vec<Reply>>> {
    let sizes = |layers, heads, kv_heads, d| Sizes {
        layers,
        heads,
        kv_heads,
        d,
        // Candle takes the length of a head for granted.
        stream: heads * d,
        attends: true,
        feeds: true,
    };
    let (small, deep) = (sizes(1, 1, 1, 4), sizes(3, 4, 2, 6));
    let logits = |ids: &[u32]| Call::Logits(ids.to_vec());
    let greedy = |ids: &[u32], n| Call::Greedy(ids.to_vec(), n);
    let list = [
        (small, vec![logits(&[BOS])], LOGITS),
        (small, vec![logits(&[BOS, 5])], LOGITS),
        (deep, vec![logits(&[BOS, 5, 6, 3])], LOGITS),
        (deep, vec![greedy(&[BOS, 5], 1)], GREEDY),
        (deep, vec![greedy(&[BOS, 5], 2)], GREEDY),
        (deep, vec![greedy(&[BOS, 7, 2, 8], 8)], GREEDY),
        (deep, vec![greedy(&[BOS, 10, 4], 8)], GREEDY),
        (deep, vec![logits(&[BOS, 5, 6]), logits(&[BOS, 5, 6])], ANEW),
        (deep, vec![greedy(&[BOS, 5], 3), logits(&[BOS, 9]), greedy(&[BOS, 7], 3)], ANEW),
    ];
    let sound = (40..).zip(list).map(|(seed, (sizes, calls, why))| {
        let toy = Toy::new(sizes, seed);
        let expected = calls.iter().map(|call| match call {
            Call::Logits(ids) => {
                let logits = oracle(&toy, ids).into_iter().map(|x| x as f32).collect();
                Reply::Logits(Near::new(logits, WITHIN))
            }
            Call::Greedy(ids, n) => Reply::Ids(continued(&toy, ids, *n)),
        });
        let expected = expected.collect();
        // A toy that cannot be written is a file that nobody can load: the first case says so.
        let file = written(&toy, sizes).unwrap_or_default();
        let input = Input { file, sizes, broken: None, calls, text: None };
        Case { input, expected, why }
    });
    let file = written(&Toy::new(small, 40), small).unwrap_or_default();
    let (half, mut old) = (file[..file.len() / 2].to_vec(), file);
    old[0] = b'?';
    let broken = [(half, "the first half of a file"), (old, "bytes that are no GGUF file")];
    let broken = broken.into_iter().map(move |(file, what)| {
        let calls = vec![logits(&[BOS])];
        let input = Input { file, sizes: small, broken: Some(what), calls, text: None };
        Case { input, expected: vec![Reply::Refused], why: BROKEN }
    });
    let texts = TEXTS.iter().map(move |&(text, ids, differs, why)| {
        let file = TINY.to_vec();
        let input =
            Input { file, sizes: small, broken: None, calls: vec![], text: Some((text, ids)) };
        Case { input, expected: vec![Reply::Differs(differs)], why }
    });
    let refused = std::iter::once_with(move || {
        // The toy's file names a tokenizer of this kind.
        let file = written(&Toy::new(small, 40), small).unwrap_or_default();
        let (broken, text) =
            (Some("a file whose tokenizer is of Llama-2's kind"), Some(("a", &[5][..])));
        let input = Input { file, sizes: small, broken, calls: vec![], text };
        Case { input, expected: vec![Reply::Refused], why: LLAMA_2 }
    });
    sound.chain(broken).chain(texts).chain(refused)
}

/// Texts, ids of the tiny model's tokenizer, and the first that Candle's has otherwise.
type Text = (&'static str, &'static [u32], Option<usize>, &'static str);

const TEXTS: &[Text] = &[
    (" In the beginning", &[302, 110, 258, 804, 264, 110, 290], None, SAME),
    ("In the beginning", &[73, 110, 258, 804, 264, 110, 290], Some(0), SPACE),
    ("\nHi", &[10, 72, 105], Some(0), SPACE),
    (" In<|im_end|>", &[302, 110, 60, 124, 311, 95, 101, 260, 124, 62], Some(2), CONTROL),
    (" In the beginning", &[302, 110, 258, 804], Some(4), SHORTER),
    (" In", &[302, 110, 258], Some(2), SHORTER),
];

/// The id that begins a text.
const BOS: u32 = 1;

fn continued(toy: &Toy, ids: &[u32], n: usize) -> Vec<u32> {
    let mut all = ids.to_vec();
    for _ in 0..n {
        let logits = oracle(toy, &all);
        let best = (0..).zip(&logits).max_by(|(_, a), (_, b)| a.total_cmp(b));
        all.push(best.map_or(0, |(id, _)| id));
    }
    all.split_off(ids.len())
}

fn call(Input { sizes, broken, calls, text, .. }: &Input) -> String {
    let Sizes { layers, heads, d, .. } = sizes;
    if let Some((text, ids)) = text {
        let what = broken.unwrap_or("the tiny model, data/tiny.gguf");
        return format!("first_difference(/* {what} */, {text:?}, &{ids:?})");
    }
    let mut text = match broken {
        Some(what) => format!("let mut m = Candle::load(/* {what} */)?;"),
        None => format!(
            "let mut m = Candle::load(/* a toy with {layers} layers and {heads} heads of {d} */)?;"
        ),
    };
    for call in calls {
        text += &match call {
            Call::Logits(ids) => format!(" m.logits(&{ids:?});"),
            Call::Greedy(ids, n) => format!(" m.greedy(&{ids:?}, {n});"),
        };
    }
    text
}

/// The toy as a GGUF file.
fn written(toy: &Toy, sizes: Sizes) -> candle_core::Result<Vec<u8>> {
    let shape = toy.shape();
    let number = |n: usize| Value::U32(u32::try_from(n).unwrap_or(u32::MAX));
    let metadata = HashMap::from([
        ("general.architecture", Value::String("llama".to_owned())),
        ("tokenizer.ggml.model", Value::String("llama".to_owned())),
        ("llama.block_count", number(shape.layers)),
        ("llama.embedding_length", number(sizes.stream)),
        ("llama.attention.head_count", number(shape.heads)),
        ("llama.attention.head_count_kv", number(shape.kv_heads)),
        ("llama.rope.dimension_count", number(sizes.d)),
        ("llama.rope.freq_base", Value::F32(shape.freq_base)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(shape.epsilon)),
    ]);
    let tensor = |rows: &[Vec<f32>]| {
        let dims = (rows.len(), rows[0].len());
        let tensor = Tensor::from_vec(rows.concat(), dims, &Device::Cpu)?;
        // A vector has one dimension in a file.
        let tensor = if rows.len() == 1 { tensor.squeeze(0)? } else { tensor };
        QTensor::quantize(&tensor, GgmlDType::F32)
    };
    let embeddings: Vec<Vec<f32>> = (0..).take(VOCABULARY).map(|id| toy.embedding(id)).collect();
    let mut tensors = vec![("token_embd.weight".to_owned(), tensor(&embeddings)?)];
    type OfLayer = fn(usize) -> Matrix;
    let mut matrix = |name: String, matrix: Matrix| -> candle_core::Result<()> {
        tensors.push((format!("{name}.weight"), tensor(toy.rows(matrix))?));
        Ok(())
    };
    for layer in 0..shape.layers {
        let blocks: [(&str, OfLayer); 7] = [
            ("attn_q", Matrix::AttnQ),
            ("attn_k", Matrix::AttnK),
            ("attn_v", Matrix::AttnV),
            ("attn_output", Matrix::AttnOutput),
            ("ffn_gate", Matrix::FfnGate),
            ("ffn_up", Matrix::FfnUp),
            ("ffn_down", Matrix::FfnDown),
        ];
        for (name, of_layer) in blocks {
            matrix(format!("blk.{layer}.{name}"), of_layer(layer))?;
        }
    }
    matrix("output".to_owned(), Matrix::Output)?;
    let mut norm = |name: String, norm: Norm| -> candle_core::Result<()> {
        tensors.push((format!("{name}.weight"), tensor(&[toy.norm(norm).to_vec()])?));
        Ok(())
    };
    for layer in 0..shape.layers {
        norm(format!("blk.{layer}.attn_norm"), Norm::Attn(layer))?;
        norm(format!("blk.{layer}.ffn_norm"), Norm::Ffn(layer))?;
    }
    norm("output_norm".to_owned(), Norm::Output)?;
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &tensors)?;
    Ok(file.into_inner())
}

/// The ids of Candle's own tokenizer.
fn candles_ids(file: &[u8], text: &str) -> Result<Vec<u32>, String> {
    let content = gguf_file::Content::read(&mut Cursor::new(file));
    let tokenizer = content.and_then(|content| Tokenizer::from_gguf(&content));
    let encoding = tokenizer.map_err(|error| error.to_string())?.encode(text, false);
    Ok(encoding.map_err(|error| error.to_string())?.get_ids().to_vec())
}

/// What an answer with one flaw gets wrong.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    PositionStays,
    OneBehind,
    BosTwice,
    PromptAgain,
    NeverAnew,
    DropsLast,
    SameLogits,
    WithPrompt,
    SmallestLogit,
    Unwraps,
    Trusts,
    ZipStops,
    CountsFromOne,
    UnwrapsTokenizer,
}

struct Flawed {
    flaw: Flaw,
    weights: ModelWeights,
    /// The next position of somebody who never starts over.
    position: usize,
}

impl Answers for Flaw {
    fn load(&self, file: &[u8]) -> Result<Box<dyn Greedy>, String> {
        Flawed::load(*self, file)
    }

    fn first_difference(
        &self,
        file: &[u8],
        text: &str,
        ids: &[u32],
    ) -> Result<Option<usize>, String> {
        let theirs = match candles_ids(file, text) {
            Err(error) if *self == Self::UnwrapsTokenizer => panic!("{error}"),
            theirs => theirs?,
        };
        let differs = theirs.iter().zip(ids).position(|(theirs, right)| theirs != right);
        let shorter = theirs.len().min(ids.len());
        let at_end = (theirs.len() != ids.len()).then_some(shorter);
        Ok(match self {
            Self::Trusts => None,
            Self::ZipStops => differs,
            Self::CountsFromOne => differs.or(at_end).map(|at| at + 1),
            _ => differs.or(at_end),
        })
    }
}

impl Flawed {
    fn load(flaw: Flaw, file: &[u8]) -> Result<Box<dyn Greedy>, String> {
        let mut reader = Cursor::new(file);
        let weights = gguf_file::Content::read(&mut reader)
            .and_then(|content| ModelWeights::from_gguf(content, &mut reader, &Device::Cpu));
        match weights {
            Ok(weights) => Ok(Box::new(Self { flaw, weights, position: 0 })),
            Err(error) if flaw == Flaw::Unwraps => panic!("{error}"),
            Err(error) => Err(error.to_string()),
        }
    }

    fn feed(&mut self, ids: &[u32], position: usize) -> Result<Vec<f32>, String> {
        let position = if self.flaw == Flaw::NeverAnew { self.position } else { position };
        self.position = position + ids.len();
        let mut fed = || -> candle_core::Result<Vec<f32>> {
            let input = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
            self.weights.forward(&input, position)?.squeeze(0)?.to_vec1()
        };
        fed().map_err(|error| error.to_string())
    }
}

impl Greedy for Flawed {
    fn logits(&mut self, ids: &[u32]) -> Result<Vec<f32>, String> {
        match self.flaw {
            Flaw::BosTwice => self.feed(&[&[BOS], ids].concat(), 0),
            Flaw::DropsLast if ids.len() > 1 => self.feed(&ids[..ids.len() - 1], 0),
            _ => self.feed(ids, 0),
        }
    }

    fn greedy(&mut self, ids: &[u32], n: usize) -> Result<Vec<u32>, String> {
        let mut logits = self.logits(ids)?;
        let mut all = ids.to_vec();
        for _ in 0..n {
            let sign = if self.flaw == Flaw::SmallestLogit { -1.0 } else { 1.0 };
            let best =
                (0..).zip(&logits).max_by(|(_, a), (_, b)| (*a * sign).total_cmp(&(*b * sign)));
            let (id, position) = (best.map_or(0, |(id, _)| id), all.len());
            all.push(id);
            logits = match self.flaw {
                Flaw::PositionStays => self.feed(&[id], 0)?,
                Flaw::OneBehind => self.feed(&[id], position - 1)?,
                Flaw::BosTwice => self.feed(&[id], position + 1)?,
                Flaw::PromptAgain => self.feed(&all, position)?,
                Flaw::SameLogits => logits,
                _ => self.feed(&[id], position)?,
            };
        }
        Ok(if self.flaw == Flaw::WithPrompt { all } else { all.split_off(ids.len()) })
    }
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong {
            id: $id,
            belief: $belief,
            answer: &Flaw::$flaw,
        }),*]
    };
}

const WRONG: &[Wrong<Answer>] = wrong![
    "position_stays", PositionStays, "you fed each new id at `index_pos` 0; there the cache begins anew, and the \
        model sees one id and nothing before it";
    "one_behind", OneBehind, "your `index_pos` is one too small: the first new id stands at `ids.len()`";
    "bos_twice", BosTwice, "you put the token that begins a text in front of ids that have it already";
    "prompt_again", PromptAgain, "you fed the prompt again behind itself; the cache has it, so feed the one new id";
    "never_anew", NeverAnew, "you let positions go on into the next call; a conversation of its own begins at \
        `index_pos` 0, which empties the cache";
    "drops_last", DropsLast, "you fed all ids but the last; its logits are what is asked for";
    "same_logits", SameLogits, "you chose every id from the prompt's logits; each chosen id is fed for new ones";
    "with_prompt", WithPrompt, "your result begins with the prompt; only what follows is asked for";
    "smallest_logit", SmallestLogit, "you took the id with the smallest logit; the largest is the likeliest";
    "unwraps", Unwraps, "you unwrapped Candle's error; give it back";
    "trusts_it", Trusts, "you took Candle's tokenizer for right wherever it gives ids; compare them";
    "zip_stops", ZipStops, "you compared as far as the shorter list goes; `zip` stops there, and the longer one \
        goes on";
    "counts_from_one", CountsFromOne, "you counted from 1; the first id has index 0";
    "unwraps_tokenizer", UnwrapsTokenizer, "you unwrapped the error of Candle's tokenizer; give it back";
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
