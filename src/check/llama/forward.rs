//! Check `llama.forward`: the logits of a whole network, part after part.
//!
//! The first cases silence both blocks of the layers, then one of them, so that a first failure points
//! at a part. (Where the blocks add nothing, a stream that is normalised before them and one that is
//! normalised after them are the same: so a first failure there names both beliefs.) The oracle computes in `f64`, straight from the formula, over all ids since the beginning
//! and without a cache: so it also proves that cached and uncached agree. The last case runs on the tiny
//! model, and there llama.cpp's logits are expected (`data/golden/llama/`, the weights in 32 bits).

use super::toy::{Rows, Sizes, Toy};
use super::trained::Trained;
use crate::check::exam::{Case, Exam, graded};
use crate::check::near::Near;
use crate::check::{Origin, Verdict, Wrong};
use crate::course::llama::FORWARD;
use crate::llama::parts::{Cache, Matrix, Norm, Weights};

type Answer = dyn Fn(&dyn Weights, &mut dyn Cache, &[u32]) -> Vec<f32>;

/// Grades a function from weights, a cache and ids to the logits after the last id.
pub fn forward(
    answer: impl Fn(&dyn Weights, &mut dyn Cache, &[u32]) -> Vec<f32> + 'static,
) -> Verdict {
    check(&answer, Origin::of(&answer))
}

/// What is done to one cache.
#[derive(Clone)]
enum Step {
    Feed(Vec<u32>),
    Truncate(usize),
}

struct Input {
    sizes: Sizes,
    weights: Box<dyn Weights>,
    steps: Vec<Step>,
    /// The ids whose logits are compared; all, if there are none.
    compared: Vec<usize>,
}

const WITHIN: f32 = 1e-3;

fn check(answer: &Answer, origin: Origin) -> Verdict {
    let exam = Exam {
        stage: &FORWARD,
        origin,
        answer,
        wrong: WRONG,
        run: |answer, Input { sizes, weights, steps, compared }: &Input| {
            let mut cache = Rows::new(*sizes);
            let mut logits = Vec::new();
            for step in steps {
                match step {
                    Step::Feed(ids) => {
                        let mut all = answer(&**weights, &mut cache, ids);
                        if let [_, ..] = compared[..] {
                            let of = |&id: &usize| all.get(id).copied().unwrap_or(f32::NAN);
                            all = compared.iter().map(of).collect();
                        }
                        logits.push(Near::new(all, WITHIN));
                    }
                    Step::Truncate(len) => cache.truncate(*len),
                }
            }
            logits
        },
        call,
        show: |logits| logits.iter().map(Near::show).collect::<Vec<_>>().join("\n"),
        diff: |_, expected, got| {
            let feeds = (1..).zip(expected.iter().zip(got));
            let different = feeds.filter(|(_, (expected, got))| expected != got);
            different
                .take(1)
                .flat_map(|(feed, (expected, got))| {
                    let of_feed = |line| format!("feed {feed}: {line}");
                    Near::diff(expected, got).into_iter().map(of_feed).collect::<Vec<_>>()
                })
                .collect()
        },
    };
    exam.sit(cases())
}

const ENDS: &str = "the blocks add nothing here: the logits are Output times the normalised embedding of the \
                    last id";
const FEEDS: &str = "attention adds nothing here: each layer adds FfnDown · (silu(FfnGate · x) * (FfnUp · x)) \
                     to the stream, where x is the stream, normalised by Ffn";
const ATTENDS: &str = "the feed-forward block adds nothing here: each layer adds AttnOutput · attention(…) to \
                       the stream; the heads of queries and keys are turned one by one, values are not";
const WHOLE: &str =
    "both blocks add to the stream, attention first, and the second reads what the first left";
const CACHED: &str = "ids that come in several calls give what they give in one: positions go on after those \
                      in the cache";

const TRAINED: &str = "the tiny model, `data/tiny.gguf`: these are llama.cpp's logits of the ids 296, 258, \
                       724, 438, 359, 377, 568 and 927";

fn cases() -> impl Iterator<Item = Case<Input, Vec<Near>>> {
    let sizes = |layers, heads, kv_heads, d, stream| Sizes {
        layers,
        heads,
        kv_heads,
        d,
        stream,
        attends: true,
        feeds: true,
    };
    let feed = |ids: &[u32]| Step::Feed(ids.to_vec());
    let one = sizes(1, 1, 1, 4, 4);
    let silent = Sizes { attends: false, feeds: false, ..one };
    let feeding = Sizes { attends: false, ..sizes(1, 1, 1, 4, 6) };
    let attending = |sizes: Sizes| Sizes { feeds: false, ..sizes };
    let (two_heads, grouped) = (sizes(1, 2, 2, 4, 6), sizes(1, 4, 2, 4, 6));
    let (deep, odd) = (sizes(3, 4, 2, 6, 9), sizes(2, 9, 3, 2, 7));
    let list = [
        (silent, vec![feed(&[3])], ENDS),
        (silent, vec![feed(&[3, 5])], ENDS),
        (feeding, vec![feed(&[3])], FEEDS),
        (feeding, vec![feed(&[4, 7])], FEEDS),
        (attending(one), vec![feed(&[3])], ATTENDS),
        (attending(one), vec![feed(&[3, 5])], ATTENDS),
        (attending(one), vec![feed(&[3, 5, 1, 8])], ATTENDS),
        (attending(two_heads), vec![feed(&[3, 5, 1])], ATTENDS),
        (attending(grouped), vec![feed(&[3, 5, 1])], ATTENDS),
        (attending(grouped), vec![feed(&[3]), feed(&[5])], CACHED),
        (one, vec![feed(&[3])], WHOLE),
        (grouped, vec![feed(&[3, 5, 1])], WHOLE),
        (deep, vec![feed(&[9])], WHOLE),
        (deep, vec![feed(&[9, 0, 4, 4, 2])], WHOLE),
        (odd, vec![feed(&[10, 1, 6])], WHOLE),
        (deep, vec![feed(&[9, 0]), feed(&[4, 4]), feed(&[2])], CACHED),
        (deep, vec![feed(&[9, 0, 4]), Step::Truncate(1), feed(&[7, 2]), feed(&[1])], CACHED),
        (deep, vec![feed(&[1, 2]), Step::Truncate(0), feed(&[3])], CACHED),
    ];
    let toys = (16..).zip(list).map(|(seed, (sizes, steps, why))| {
        let toy = Toy::new(sizes, seed);
        let expected = expected(&toy, &steps);
        let input = Input { sizes, weights: Box::new(toy), steps, compared: Vec::new() };
        Case { input, expected, why }
    });
    toys.chain(std::iter::once_with(trained))
}

/// "In", after the token that begins a text: the eight largest logits of llama.cpp.
fn trained() -> Case<Input, Vec<Near>> {
    let golden = [
        (296, 7.5954),
        (258, 7.4592),
        (724, 6.1289),
        (438, 5.5404),
        (359, 5.4755),
        (377, 4.8576),
        (568, 4.8197),
        (927, 4.7695),
    ];
    let sizes =
        Sizes { layers: 2, heads: 8, kv_heads: 2, d: 32, stream: 256, attends: true, feeds: true };
    let (compared, logits) = golden.into_iter().unzip();
    let steps = vec![Step::Feed(vec![1021, 73, 110])];
    Case {
        input: Input { sizes, weights: Box::new(Trained::new()), steps, compared },
        expected: vec![Near::new(logits, WITHIN)],
        why: TRAINED,
    }
}

fn call(Input { sizes, steps, compared, .. }: &Input) -> String {
    let Sizes { layers, heads, kv_heads, d, stream, attends, feeds } = sizes;
    let plural = if *layers == 1 { "" } else { "s" };
    let silent = match (attends, feeds) {
        (true, true) => "",
        (true, false) => ", FfnDown is zero",
        (false, true) => ", AttnOutput is zero",
        (false, false) => ", AttnOutput and FfnDown are zero",
    };
    let what = if compared.is_empty() { "a toy" } else { "the tiny model" };
    let mut text = format!(
        "/* {what} with {layers} layer{plural}, a stream of {stream}, {heads} heads of {d}, \
         {kv_heads} of keys{silent} */"
    );
    for step in steps {
        text += &match step {
            Step::Feed(ids) => format!(" forward(&weights, &mut cache, &{ids:?});"),
            Step::Truncate(len) => format!(" cache.truncate({len});"),
        };
    }
    text
}

/// The logits after each feed, from all ids that are left by then.
fn expected(toy: &Toy, steps: &[Step]) -> Vec<Near> {
    let (mut ids, mut logits): (Vec<u32>, _) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Feed(fed) => {
                ids.extend(fed);
                let last = oracle(toy, &ids).into_iter().map(|x| x as f32).collect();
                logits.push(Near::new(last, WITHIN));
            }
            Step::Truncate(len) => ids.truncate(*len),
        }
    }
    logits
}

/// The formula in `f64`, over all ids at once, layer after layer.
pub(super) fn oracle(toy: &Toy, ids: &[u32]) -> Vec<f64> {
    let shape = toy.shape();
    let product = |matrix: Matrix, x: &[f64]| -> Vec<f64> {
        let row = |row: &Vec<f32>| row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum();
        toy.rows(matrix).iter().map(row).collect()
    };
    let norm = |x: &[f64], norm: Norm| -> Vec<f64> {
        let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let root = (mean + f64::from(shape.epsilon)).sqrt();
        x.iter().zip(toy.norm(norm)).map(|(x, &w)| x / root * f64::from(w)).collect()
    };
    let turn = |x: &[f64], position: usize, d: usize| -> Vec<f64> {
        let number = |at: usize| {
            let pair = (at % d / 2) as f64;
            let angle = position as f64 * f64::from(shape.freq_base).powf(-2.0 * pair / d as f64);
            match at % 2 {
                0 => x[at] * angle.cos() - x[at + 1] * angle.sin(),
                _ => x[at - 1] * angle.sin() + x[at] * angle.cos(),
            }
        };
        (0..x.len()).map(number).collect()
    };
    let embedding = |&id: &u32| toy.embedding(id).into_iter().map(f64::from).collect();
    let mut streams: Vec<Vec<f64>> = ids.iter().map(embedding).collect();
    for layer in 0..shape.layers {
        let read: Vec<Vec<f64>> = streams.iter().map(|x| norm(x, Norm::Attn(layer))).collect();
        let d = product(Matrix::AttnQ(layer), &read[0]).len() / shape.heads;
        let turned = |matrix: Matrix| -> Vec<Vec<f64>> {
            let one = |(at, x): (usize, &Vec<f64>)| turn(&product(matrix, x), at, d);
            read.iter().enumerate().map(one).collect()
        };
        let (queries, keys) = (turned(Matrix::AttnQ(layer)), turned(Matrix::AttnK(layer)));
        let values: Vec<Vec<f64>> = read.iter().map(|x| product(Matrix::AttnV(layer), x)).collect();
        for (at, stream) in streams.iter_mut().enumerate() {
            let mut mixed = vec![0.0; shape.heads * d];
            for head in 0..shape.heads {
                let shared = head / (shape.heads / shape.kv_heads);
                let score = |t: usize| -> f64 {
                    let dot: f64 =
                        (0..d).map(|i| queries[at][head * d + i] * keys[t][shared * d + i]).sum();
                    (dot / (d as f64).sqrt()).exp()
                };
                let sum: f64 = (0..=at).map(score).sum();
                for (t, i) in (0..=at).flat_map(|t| (0..d).map(move |i| (t, i))) {
                    mixed[head * d + i] += score(t) / sum * values[t][shared * d + i];
                }
            }
            let found = product(Matrix::AttnOutput(layer), &mixed);
            stream.iter_mut().zip(found).for_each(|(sum, x)| *sum += x);
            let x = norm(stream, Norm::Ffn(layer));
            let (gate, up) =
                (product(Matrix::FfnGate(layer), &x), product(Matrix::FfnUp(layer), &x));
            let inner: Vec<f64> =
                gate.iter().zip(up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect();
            let found = product(Matrix::FfnDown(layer), &inner);
            stream.iter_mut().zip(found).for_each(|(sum, x)| *sum += x);
        }
    }
    let last = streams.pop().unwrap_or_default();
    product(Matrix::Output, &norm(&last, Norm::Output))
}

/// What an answer with one flaw gets wrong.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    NoResidual,
    NormInStream,
    NormAfter,
    NoOutputNorm,
    NoFfnNorm,
    SameNorm,
    ScaledEmbedding,
    FirstLogits,
    SiluOfUp,
    Gelu,
    Sigmoid,
    Relu,
    NoUp,
    BlocksSideBySide,
    RopeOnValues,
    RopeOnQueryAlone,
    RopeOnKeyAlone,
    NoRope,
    RopeAcrossHeads,
    PositionOfFeed,
    QueryAhead,
    FirstLayersRows,
    HeadModulo,
    FutureLeak,
    OwnRowLater,
}

fn flawed(flaw: Flaw, weights: &dyn Weights, cache: &mut dyn Cache, ids: &[u32]) -> Vec<f32> {
    let shape = weights.shape();
    let start = cache.len();
    let norm = |x: &[f32], norm: Norm| -> Vec<f32> {
        let mean = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
        let root = (mean + shape.epsilon).sqrt();
        x.iter().zip(weights.norm(norm)).map(|(x, w)| x / root * w).collect()
    };
    let add = |stream: &mut Vec<f32>, found: Vec<f32>| match flaw {
        Flaw::NoResidual => *stream = found,
        _ => stream.iter_mut().zip(found).for_each(|(sum, x)| *sum += x),
    };
    let mut streams: Vec<Vec<f32>> = ids.iter().map(|&id| weights.embedding(id)).collect();
    if flaw == Flaw::ScaledEmbedding {
        let root = (streams[0].len() as f32).sqrt();
        streams.iter_mut().flatten().for_each(|x| *x *= root);
    }
    for layer in 0..shape.layers {
        let rows = if flaw == Flaw::FirstLayersRows { 0 } else { layer };
        let mut queries = Vec::new();
        let before = streams.clone();
        for (at, stream) in streams.iter_mut().enumerate() {
            let position = if flaw == Flaw::PositionOfFeed { at } else { start + at };
            let x = match flaw {
                Flaw::NormAfter => stream.clone(),
                _ => norm(stream, Norm::Attn(layer)),
            };
            if flaw == Flaw::NormInStream {
                stream.clone_from(&x);
            }
            let [query, key, value] = [Matrix::AttnQ, Matrix::AttnK, Matrix::AttnV]
                .map(|matrix| weights.product(matrix(layer), &x));
            let d = query.len() / shape.heads;
            let turned = |x: &[f32], ahead: usize| {
                let d = if flaw == Flaw::RopeAcrossHeads { x.len() } else { d };
                let number = |at: usize| {
                    let exponent = -2.0 * (at % d / 2) as f32 / d as f32;
                    let (sin, cos) =
                        ((position + ahead) as f32 * shape.freq_base.powf(exponent)).sin_cos();
                    match at % 2 {
                        0 => x[at] * cos - x[at + 1] * sin,
                        _ => x[at - 1] * sin + x[at] * cos,
                    }
                };
                (0..x.len()).map(number).collect::<Vec<f32>>()
            };
            queries.push(match flaw {
                Flaw::RopeOnKeyAlone | Flaw::NoRope => query,
                Flaw::QueryAhead => turned(&query, 1),
                _ => turned(&query, 0),
            });
            let key = match flaw {
                Flaw::RopeOnQueryAlone | Flaw::NoRope => key,
                _ => turned(&key, 0),
            };
            let value = if flaw == Flaw::RopeOnValues { turned(&value, 0) } else { value };
            cache.push(rows, &key, &value);
        }
        for (at, stream) in streams.iter_mut().enumerate() {
            let position = match flaw {
                Flaw::PositionOfFeed => at,
                Flaw::FutureLeak => start + ids.len() - 1,
                _ => start + at,
            };
            let own = usize::from(flaw != Flaw::OwnRowLater);
            let mixed = mixed(flaw, &queries[at], cache, rows, position + own, weights);
            add(stream, weights.product(Matrix::AttnOutput(layer), &mixed));
            if flaw == Flaw::NormAfter {
                *stream = norm(stream, Norm::Attn(layer));
            }
            let read = if flaw == Flaw::BlocksSideBySide { &before[at] } else { &*stream };
            let x = match flaw {
                Flaw::NormAfter | Flaw::NoFfnNorm => read.clone(),
                Flaw::SameNorm => norm(read, Norm::Attn(layer)),
                _ => norm(read, Norm::Ffn(layer)),
            };
            if flaw == Flaw::NormInStream {
                stream.clone_from(&x);
            }
            let mut gate = weights.product(Matrix::FfnGate(layer), &x);
            let mut up = weights.product(Matrix::FfnUp(layer), &x);
            match flaw {
                Flaw::SiluOfUp => std::mem::swap(&mut gate, &mut up),
                Flaw::NoUp => up.fill(1.0),
                _ => {}
            }
            let bent = |x: f32| match flaw {
                Flaw::Gelu => 0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044_715 * x.powi(3))).tanh()),
                Flaw::Sigmoid => 1.0 / (1.0 + (-x).exp()),
                Flaw::Relu => x.max(0.0),
                _ => x / (1.0 + (-x).exp()),
            };
            let inner: Vec<f32> = gate.iter().zip(up).map(|(&gate, up)| bent(gate) * up).collect();
            add(stream, weights.product(Matrix::FfnDown(layer), &inner));
            if flaw == Flaw::NormAfter {
                *stream = norm(stream, Norm::Ffn(layer));
            }
        }
    }
    let last = if flaw == Flaw::FirstLogits { 0 } else { ids.len() - 1 };
    let x = match flaw {
        Flaw::NoOutputNorm => streams[last].clone(),
        _ => norm(&streams[last], Norm::Output),
    };
    weights.product(Matrix::Output, &x)
}

/// Attention over the first `seen` rows of a layer.
fn mixed(
    flaw: Flaw,
    query: &[f32],
    cache: &dyn Cache,
    layer: usize,
    seen: usize,
    weights: &dyn Weights,
) -> Vec<f32> {
    let shape = weights.shape();
    let (d, width) = (query.len() / shape.heads, query.len() / shape.heads * shape.kv_heads);
    let mut out = vec![0.0; query.len()];
    for head in 0..shape.heads {
        let shared = match flaw {
            Flaw::HeadModulo => head % shape.kv_heads,
            _ => head / (shape.heads / shape.kv_heads),
        };
        let scores = cache.keys(layer).chunks(width).take(seen).map(|row| {
            let key = &row[shared * d..][..d];
            let dot: f32 = query[head * d..][..d].iter().zip(key).map(|(q, k)| q * k).sum();
            (dot / (d as f32).sqrt()).exp()
        });
        let scores: Vec<f32> = scores.collect();
        let sum: f32 = scores.iter().sum();
        for (score, row) in scores.iter().zip(cache.values(layer).chunks(width)) {
            for (out, value) in out[head * d..][..d].iter_mut().zip(&row[shared * d..]) {
                *out += score / sum * value;
            }
        }
    }
    out
}

macro_rules! wrong {
    ($($id:literal, $flaw:ident, $belief:literal;)*) => {
        &[$(Wrong {
            id: $id,
            belief: $belief,
            answer: &|weights, cache, ids| flawed(Flaw::$flaw, weights, cache, ids),
        }),*]
    };
}

const WRONG: &[Wrong<Answer>] = wrong![
    "no_residual", NoResidual, "a block's result took the stream's place; it is added to the stream";
    "norm_in_stream", NormInStream, "you normalised the stream itself; blocks read a normalised copy, and \
        their results go to the stream as it was";
    "norm_after", NormAfter, "you normalised after each block, as in 2017; a Llama does before each block";
    "no_output_norm", NoOutputNorm, "you left the last normalisation out, in front of Output";
    "no_ffn_norm", NoFfnNorm, "the feed-forward block read the stream without normalising it";
    "same_norm", SameNorm, "both blocks used the weights of Attn; the second has its own, Ffn";
    "scaled_embedding", ScaledEmbedding, "you multiplied the embedding by the root of its length, as Gemma \
        does; a Llama takes it as it is";
    "first_logits", FirstLogits, "these are the logits after the first id; those after the last are asked for";
    "silu_of_up", SiluOfUp, "you bent FfnUp; silu belongs to FfnGate";
    "gelu", Gelu, "that is gelu; silu is x / (1 + exp(-x))";
    "sigmoid", Sigmoid, "that is the sigmoid; silu multiplies it by x";
    "relu", Relu, "that is relu; silu is x / (1 + exp(-x))";
    "no_up", NoUp, "you left FfnUp out; the gate multiplies it number by number";
    "side_by_side", BlocksSideBySide, "the feed-forward block read the stream from before attention; it reads \
        what attention left";
    "rope_on_values", RopeOnValues, "you turned the values too; only queries and keys are turned";
    "rope_on_query_alone", RopeOnQueryAlone, "you turned the queries and not the keys";
    "rope_on_key_alone", RopeOnKeyAlone, "you turned the keys and not the queries";
    "no_rope", NoRope, "you turned nothing: without rope, the order of earlier tokens does not count";
    "rope_across_heads", RopeAcrossHeads, "you turned all heads as one long vector; each head's pairs begin \
        anew";
    "position_of_feed", PositionOfFeed, "positions began at 0 in each call; they go on after those in the cache";
    "query_one_ahead", QueryAhead, "the query was turned by one position more than its own key: ask for \
        `cache.len()` before the push";
    "first_layers_rows", FirstLayersRows, "all layers used the rows of layer 0";
    "head_modulo", HeadModulo, "head h read the keys of head h % kv_heads; neighbours share: \
        h / (heads / kv_heads)";
    "future_leak", FutureLeak, "an earlier id of the call saw the later ones";
    "own_row_later", OwnRowLater, "a token did not see itself: push its key and value before attention";
];

pub(super) fn wrong_answers() -> Vec<(&'static str, Verdict)> {
    graded(WRONG, |answer| check(answer, Origin::Elsewhere))
}
