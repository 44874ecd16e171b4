//! Of `binding.pickle`.

/// The class but for the arguments that make a copy.
macro_rules! tokenizer {
    ($belief:ident: $type:ty = |$merges:ident| $arguments:expr) => {
        pub(crate) mod $belief {
            use pyo3::prelude::*;
            use rust_for_ai::bpe::Tokenize;

            #[pyclass(frozen, module = "binding")]
            pub(crate) struct Tokenizer {
                inner: solutions::bpe::Tokenizer,
                merges: Vec<(u32, u32)>,
            }

            #[pymethods]
            impl Tokenizer {
                #[new]
                #[pyo3(signature = (merges=Vec::new()))]
                fn new(merges: Vec<(u32, u32)>) -> Self {
                    Self { inner: solutions::bpe::Tokenizer::new(&merges), merges }
                }

                #[getter]
                fn calls(&self) -> usize {
                    0
                }

                fn encode(&self, text: &str) -> Vec<u32> {
                    self.inner.encode(text)
                }

                fn __getnewargs__(&self) -> $type {
                    let $merges = &self.merges;
                    $arguments
                }
            }
        }
    };
}

tokenizer!(nothing: (Vec<(u32, u32)>,) = |_merges| (Vec::new(),));
tokenizer!(half: (Vec<(u32, u32)>,) = |merges| (merges[..merges.len() / 2].to_vec(),));
tokenizer!(not_a_tuple: Vec<(u32, u32)> = |merges| merges.clone());
