//! Three operations with their gradients, each in one pass over memory.
//!
//! Candle's own versions have no gradient, or build it from a dozen small operations, each of which
//! writes a tensor of its own. Written out by hand:
//!
//! ```text
//! causal softmax   p = softmax(s · x) over positions up to the row's own;  dx = s · p · (dp - Σ dp·p)
//! rotation         y = R(angle) x, for each pair;                          dx = R(-angle) dy
//! norm             y = x / r,  r = sqrt(mean(x²) + ε);                     dx = (dy - y · mean(dy·y)) / r
//! ```

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Error, Layout, Result, Shape, Tensor, bail};

use super::sizes::{EPSILON, FREQ_BASE, HEAD};

/// `[rows, t]`: softmax of each row times `1 / sqrt(HEAD)`, where row `r` sees the columns up to `r % t`.
///
/// # Errors
///
/// What Candle refuses.
pub fn causal_softmax(scores: &Tensor) -> Result<Tensor> {
    scores.apply_op1(CausalSoftmax)
}

/// `[n, width]`: turns each pair of neighbours in each head by the angle of its position, `n % t`.
///
/// # Errors
///
/// What Candle refuses.
pub fn rotate(x: &Tensor, t: usize) -> Result<Tensor> {
    x.apply_op1(Rotate { t, sign: 1.0 })
}

/// `[n, width]`: each row divided by the root of its mean square.
///
/// # Errors
///
/// What Candle refuses.
pub fn norm(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Norm)
}

struct CausalSoftmax;
struct CausalSoftmaxBack;
struct Rotate {
    t: usize,
    sign: f32,
}
struct Norm;
struct NormBack;

fn scale() -> f32 {
    1.0 / (HEAD as f32).sqrt()
}

fn slice<'s>(storage: &'s CpuStorage, layout: &Layout) -> Result<&'s [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("expected a contiguous one")
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

fn width(layout: &Layout) -> Result<usize> {
    layout.dims().last().copied().ok_or_else(|| Error::msg("expected a dimension"))
}

impl CustomOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, t) = (slice(storage, layout)?, width(layout)?);
        let mut out = vec![0.0; x.len()];
        for (row, (x, out)) in x.chunks_exact(t).zip(out.chunks_exact_mut(t)).enumerate() {
            let seen = row % t + 1;
            let max = x[..seen].iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for (out, x) in out[..seen].iter_mut().zip(x) {
                *out = ((x - max) * scale()).exp();
                sum += *out;
            }
            out[..seen].iter_mut().for_each(|out| *out /= sum);
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        out.apply_op2_no_bwd(&grad.contiguous()?, &CausalSoftmaxBack).map(Some)
    }
}

impl CustomOp2 for CausalSoftmaxBack {
    fn name(&self) -> &'static str {
        "causal-softmax-back"
    }

    fn cpu_fwd(
        &self,
        p: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        grad_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (p, grad, t) = (slice(p, layout)?, slice(grad, grad_layout)?, width(layout)?);
        let mut out = vec![0.0; p.len()];
        for (row, (out, (p, grad))) in
            out.chunks_exact_mut(t).zip(p.chunks_exact(t).zip(grad.chunks_exact(t))).enumerate()
        {
            let seen = row % t + 1;
            let dot: f32 = p[..seen].iter().zip(grad).map(|(p, grad)| p * grad).sum();
            for ((out, p), grad) in out[..seen].iter_mut().zip(p).zip(grad) {
                *out = scale() * p * (grad - dot);
            }
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

impl CustomOp1 for Rotate {
    fn name(&self) -> &'static str {
        "rotate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, width) = (slice(storage, layout)?, width(layout)?);
        let turns: Vec<(f32, f32)> = (0..self.t)
            .flat_map(|position| {
                (0..HEAD / 2).map(move |pair| {
                    let frequency = FREQ_BASE.powf(-2.0 * pair as f32 / HEAD as f32);
                    (self.sign * position as f32 * frequency).sin_cos()
                })
            })
            .collect();
        let mut out = vec![0.0; x.len()];
        for (n, (x, out)) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).enumerate() {
            let turns = &turns[n % self.t * (HEAD / 2)..][..HEAD / 2];
            for (x, out) in x.chunks_exact(HEAD).zip(out.chunks_exact_mut(HEAD)) {
                for ((x, out), (sin, cos)) in
                    x.chunks_exact(2).zip(out.chunks_exact_mut(2)).zip(turns)
                {
                    out[0] = x[0] * cos - x[1] * sin;
                    out[1] = x[0] * sin + x[1] * cos;
                }
            }
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let back = Self { t: self.t, sign: -self.sign };
        grad.contiguous()?.apply_op1_no_bwd(&back).map(Some)
    }
}

impl CustomOp1 for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, width) = (slice(storage, layout)?, width(layout)?);
        let mut out = vec![0.0; x.len()];
        for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
            let by = 1.0 / root(x);
            out.iter_mut().zip(x).for_each(|(out, x)| *out = x * by);
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        x.apply_op2_no_bwd(&grad.contiguous()?, &NormBack).map(Some)
    }
}

impl CustomOp2 for NormBack {
    fn name(&self) -> &'static str {
        "norm-back"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        grad_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, grad, width) = (slice(x, layout)?, slice(grad, grad_layout)?, width(layout)?);
        let mut out = vec![0.0; x.len()];
        for (out, (x, grad)) in
            out.chunks_exact_mut(width).zip(x.chunks_exact(width).zip(grad.chunks_exact(width)))
        {
            let by = 1.0 / root(x);
            let dot: f32 = x.iter().zip(grad).map(|(x, grad)| x * grad).sum();
            let mean = dot * by * by / width as f32;
            for ((out, x), grad) in out.iter_mut().zip(x).zip(grad) {
                *out = (grad - x * mean) * by;
            }
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

fn root(x: &[f32]) -> f32 {
    let squares: f32 = x.iter().map(|x| x * x).sum();
    (squares / x.len() as f32 + EPSILON).sqrt()
}
