//! The keys and values of a conversation, of all layers and positions.
//!
//! A number takes 16 bits, as llama.cpp's do by default: half the memory, and half of what attention
//! has to read. A Llama-2 of 7 billion parameters has 32 layers and 4,096 numbers in a key: half a
//! megabyte a position, a gigabyte for 2,048.
//!
//! Room for the whole context is reserved at once and filled as it is used. Reserved memory costs
//! addresses, not memory, until it is written; so nothing is ever copied to a larger place, and a
//! chat of any length needs what its longest moment needed.

use half::f16;
use half::slice::HalfFloatSliceExt;

/// One conversation's keys and values.
#[derive(Debug)]
pub(crate) struct Cache {
    layers: Vec<Layer>,
    /// Numbers in a key of all heads; as many in a value.
    width: usize,
    context: usize,
}

/// Rows of `width` numbers, a row a position.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) keys: Vec<f16>,
    pub(crate) values: Vec<f16>,
}

impl Cache {
    pub(crate) fn new(layers: usize, width: usize, context: usize) -> Self {
        let rows = || Vec::with_capacity(context * width);
        let layers = (0..layers).map(|_| Layer { keys: rows(), values: rows() }).collect();
        Self { layers, width, context }
    }

    /// Appends rows of keys and values to a layer and gives all that it has now.
    pub(crate) fn push(&mut self, layer: usize, keys: &[f32], values: &[f32]) -> &Layer {
        let layer = &mut self.layers[layer];
        for (rows, new) in [(&mut layer.keys, keys), (&mut layer.values, values)] {
            let from = rows.len();
            rows.resize(from + new.len(), f16::ZERO);
            rows[from..].convert_from_f32_slice(new);
        }
        layer
    }

    /// Forgets the positions from `len` on, in all layers; also those of a pass that broke off.
    pub(crate) fn truncate(&mut self, len: usize) {
        for layer in &mut self.layers {
            layer.keys.truncate(len * self.width);
            layer.values.truncate(len * self.width);
        }
    }

    /// A copy that goes its own way.
    pub(crate) fn fork(&self) -> Self {
        let mut fork = Self::new(self.layers.len(), self.width, self.context);
        for (to, from) in fork.layers.iter_mut().zip(&self.layers) {
            to.keys.extend_from_slice(&from.keys);
            to.values.extend_from_slice(&from.values);
        }
        fork
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| size_of_val(&layer.keys[..]) + size_of_val(&layer.values[..]))
            .sum()
    }
}
