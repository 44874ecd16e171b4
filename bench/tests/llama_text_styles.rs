//! Right answers in another style than the reference pass the stages of chapter `llama` between logits
//! and text: no sort and `f64`, a line at a time, chunks of the standard library.

use rust_for_ai::check::llama as check;
use rust_for_ai::check::{State, Verdict};
use rust_for_ai::llama::parts::TextStream;
use rust_for_ai::llama::stream::Utf8;

fn passes(verdict: &Verdict) {
    assert_eq!(verdict.state(), State::Passing, "{verdict}");
}

/// A logit a token all the way, minus infinity for what is out; the best one again and again.
fn sampler_without_a_sort(
    logits: &[f32],
    recent: &[u32],
    penalty: f32,
    top_k: usize,
    top_p: f32,
    temperature: f32,
    u: f32,
) -> u32 {
    let mut logits: Vec<f64> = logits.iter().map(|&logit| f64::from(logit)).collect();
    let (penalty, temperature) = (f64::from(penalty), f64::from(temperature));
    let mut done = std::collections::HashSet::new();
    for &id in recent.iter().filter(|&&id| done.insert(id)) {
        let logit = &mut logits[id as usize];
        *logit *= if *logit > 0.0 { 1.0 / penalty } else { penalty };
    }
    let best = |logits: &[f64]| {
        let better = |best: usize, id: usize| if logits[id] > logits[best] { id } else { best };
        (1..logits.len()).fold(0, better)
    };
    let first = best(&logits);
    if temperature == 0.0 {
        return first as u32;
    }
    let highest = logits[first];
    let kept_by = |logits: &[f64], enough: &mut dyn FnMut(usize) -> bool| {
        let (mut open, mut kept) = (logits.to_vec(), vec![f64::NEG_INFINITY; logits.len()]);
        for _ in 0..logits.len() {
            let id = best(&open);
            kept[id] = logits[id];
            open[id] = f64::NEG_INFINITY;
            if enough(id) {
                break;
            }
        }
        kept
    };
    if top_k > 0 {
        let mut count = 0;
        logits = kept_by(&logits, &mut |_| {
            count += 1;
            count == top_k
        });
    }
    let total: f64 = logits.iter().map(|logit| (logit - highest).exp()).sum();
    let mut left = f64::from(top_p) * total;
    logits = kept_by(&logits.clone(), &mut |id| {
        left -= (logits[id] - highest).exp();
        left <= 0.0
    });
    let weights: Vec<f64> =
        logits.iter().map(|logit| ((logit - highest) / temperature).exp()).collect();
    let mut left = f64::from(u) * weights.iter().sum::<f64>();
    for (id, weight) in (0..).zip(&weights) {
        left -= weight;
        if left < 0.0 {
            return id;
        }
    }
    first as u32
}

/// From the end to the beginning.
fn template_from_the_end(
    messages: &[(&str, &str)],
    default_system: &str,
    start: u32,
    end: u32,
    encode: &dyn Fn(&str) -> Vec<u32>,
) -> Vec<u32> {
    let mut ids = encode("assistant\n");
    ids.insert(0, start);
    let mut in_front = |role: &str, text: &str| {
        let turn = [vec![start], encode(&[role, text].join("\n")), vec![end], encode("\n")];
        ids.splice(0..0, turn.concat());
    };
    for &(role, text) in messages.iter().rev() {
        in_front(role, text);
    }
    match messages {
        [("system", _), ..] => {}
        _ => in_front("system", default_system),
    }
    ids
}

/// The chunks of the standard library; the last one waits if it could go on.
#[derive(Default)]
struct Chunks(Vec<u8>);

impl TextStream for Chunks {
    fn push(&mut self, bytes: &[u8]) -> String {
        let all = [&std::mem::take(&mut self.0)[..], bytes].concat();
        let mut text = String::new();
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text += chunk.valid();
            let wrong = chunk.invalid();
            let waits = || str::from_utf8(wrong).is_err_and(|error| error.error_len().is_none());
            if chunks.peek().is_none() && waits() {
                self.0 = wrong.to_vec();
            } else if !wrong.is_empty() {
                text.push('\u{fffd}');
            }
        }
        text
    }

    fn finish(&mut self) -> String {
        if std::mem::take(&mut self.0).is_empty() { String::new() } else { "\u{fffd}".to_owned() }
    }
}

#[test]
fn other_styles_pass() {
    passes(&check::sampler(sampler_without_a_sort));
    passes(&check::chat_template(template_from_the_end));
    passes(&check::stream_utf8(Chunks::default));
}

#[test]
fn the_production_stream_passes() {
    passes(&check::stream_utf8(Utf8::default));
}

/// The production sampler with its own random number draws what the stage's answer draws with it.
#[test]
fn the_production_sampler_draws_as_the_stage_says() {
    use rust_for_ai::llama::sampler::{Random, Sampler, Settings};
    let mut random = Random::new(31);
    for seed in 0..2_000 {
        let logits: Vec<f32> = (0..50).map(|_| (random.unit() * 16.0 - 8.0) as f32).collect();
        let recent: Vec<u32> = (0..5).map(|_| (random.next() % 50) as u32).collect();
        let settings = Settings {
            temperature: [0.0, 0.5, 1.0, 1.5][seed as usize % 4],
            top_k: [0, 5, 40][seed as usize % 3],
            top_p: [1.0, 0.9, 0.5][(seed / 3) as usize % 3],
            min_p: 0.0,
            repeat_penalty: [1.0, 1.2][(seed / 9) as usize % 2],
            repeat_last_n: 64,
            seed,
        };
        let u = Random::new(seed).unit() as f32;
        let Settings { temperature, top_k, top_p, repeat_penalty, .. } = settings;
        let expected = solutions::llama::sampler(
            &logits,
            &recent,
            repeat_penalty,
            top_k,
            top_p,
            temperature,
            u,
        );
        let mut sampler = Sampler::new(settings).expect("valid settings");
        assert_eq!(sampler.sample(&logits, &recent), Ok(expected), "{settings:?}");
    }
}
