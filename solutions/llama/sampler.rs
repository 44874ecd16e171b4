//! Stage `llama.sampler`: draw the next token.
//!
//! A model gives a number for each token of its vocabulary, the *logit*. Taking the highest one each time
//! gives dull text that runs in circles; drawing by the bare probabilities gives nonsense now and then,
//! since ten thousand unlikely tokens together are likely. So a chat takes out the unlikely ones, and
//! draws among the rest. In this order, which is llama.cpp's:
//!
//! 1. **Repeat penalty.** Each token that is in `recent`, once, however often it is there: a logit above 0 is
//!    divided by `penalty`, another one multiplied by it. So both fall (`penalty` is 1 or more).
//! 2. **Top-k.** The `top_k` highest logits stay; of equal ones the lower ids. 0 keeps all.
//! 3. **Top-p.** Take the probabilities of what is left: `softmax`, which adds up to 1. From the most probable token down
//!    (of equal ones the lower id first), keep tokens until their sum is `top_p` or more. The token that
//!    reaches it stays. 1 keeps all.
//! 4. **Temperature.** Divide the logits of what is left by it, and take probabilities anew. Below 1 the
//!    likely tokens gain, above 1 the others. 0 means: no draw, the highest logit, of equal ones the lowest id.
//! 5. **Draw.** Walk what is left *by ascending id*, adding up probabilities; the first token with which the
//!    sum is above `u` is drawn. `u` is a random number from 0 to below 1.
//!
//! ```text
//! softmax: probability of token i = exp(logit[i] - highest) / the sum of that over all that are left
//!
//! logits [0.0, 1.1, 1.8]   ->  probabilities 0.1, 0.3, 0.6 (about)
//! top_p 0.8                ->  0.6 is not enough, 0.6 + 0.3 is: tokens 2 and 1 stay, with 2/3 and 1/3
//! u 0.3                    ->  token 1: 1/3 is above 0.3
//! u 0.4                    ->  token 2
//! ```
//!
//! Take the highest logit away before `exp`: that changes no probability, and without it `exp(100.0)` is
//! infinite in `f32`. A logit of minus infinity is a token that must not come; at least one is finite,
//! and none is NaN. Numbers in `recent` are ids of the vocabulary. Cost to aim at (not graded): one sort.

/// The id of the token that is drawn.
pub fn sampler(
    logits: &[f32],
    recent: &[u32],
    penalty: f32,
    top_k: usize,
    top_p: f32,
    temperature: f32,
    u: f32,
) -> u32 {
    // BEGIN SOLUTION
    let mut kept: Vec<(u32, f32)> = (0..).zip(logits.iter().copied()).collect();
    for (id, logit) in &mut kept {
        if recent.contains(id) {
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }
    // The sort is stable: of equal logits the lower id stays in front.
    kept.sort_by(|a, b| b.1.total_cmp(&a.1));
    if temperature == 0.0 {
        return kept[0].0;
    }
    if top_k > 0 {
        kept.truncate(top_k);
    }
    if top_p < 1.0 {
        let mut sum = 0.0;
        let reached = softmax(&kept, 1.0).into_iter().position(|probability| {
            sum += probability;
            sum >= top_p
        });
        kept.truncate(reached.map_or(kept.len(), |last| last + 1));
    }
    kept.sort_by_key(|&(id, _)| id);
    let mut sum = 0.0;
    let drawn = softmax(&kept, temperature).into_iter().position(|probability| {
        sum += probability;
        sum > u
    });
    // Rounding may leave the sum a little below 1.
    kept[drawn.unwrap_or(kept.len() - 1)].0
    // END SOLUTION
}

// BEGIN SOLUTION
/// The probabilities of tokens at a temperature.
fn softmax(kept: &[(u32, f32)], temperature: f32) -> Vec<f32> {
    let highest = kept.iter().map(|&(_, logit)| logit).fold(f32::MIN, f32::max);
    let weights = kept.iter().map(|&(_, logit)| ((logit - highest) / temperature).exp());
    let weights: Vec<f32> = weights.collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}
// BEGIN STUB
// END SOLUTION
