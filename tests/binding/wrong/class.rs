//! Of `binding.class`.

/// A class whose objects are `frozen`, but for what is said of it.
macro_rules! frozen {
    ($belief:ident in $module:literal: |$this:ident, $texts:ident| $all:expr) => {
        pub(crate) mod $belief {
            use std::sync::atomic::{AtomicUsize, Ordering};

            use pyo3::prelude::*;
            use rust_for_ai::bpe::Tokenize;

            #[pyclass(frozen, module = $module)]
            pub(crate) struct Tokenizer {
                inner: solutions::bpe::Tokenizer,
                merges: usize,
                calls: AtomicUsize,
            }

            #[pymethods]
            impl Tokenizer {
                #[new]
                fn new(merges: Vec<(u32, u32)>) -> Self {
                    let inner = solutions::bpe::Tokenizer::new(&merges);
                    Self { inner, merges: merges.len(), calls: AtomicUsize::new(0) }
                }

                #[getter]
                fn calls(&self) -> usize {
                    self.calls.load(Ordering::Relaxed)
                }

                fn encode(&self, text: &str) -> Vec<u32> {
                    self.calls.fetch_add(1, Ordering::Relaxed);
                    self.inner.encode(text)
                }

                fn encode_all(&self, $texts: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u32>>> {
                    let $this = self;
                    $all
                }

                fn __len__(&self) -> usize {
                    256 + self.merges
                }

                fn __repr__(&self) -> String {
                    format!("Tokenizer({} merges)", self.merges)
                }
            }
        }
    };
}

frozen!(list_only in "binding": |this, texts| {
    let texts: Vec<String> = texts.extract()?;
    Ok(texts.iter().map(|text| this.encode(text)).collect())
});

frozen!(swallows in "binding": |this, texts| {
    let texts = texts.try_iter()?.map_while(Result::ok);
    texts.map(|text| Ok(this.encode(text.extract()?))).collect()
});

frozen!(counts_batches in "binding": |this, texts| {
    this.calls.fetch_add(1, Ordering::Relaxed);
    texts.try_iter()?.map(|text| Ok(this.inner.encode(text?.extract()?))).collect()
});

frozen!(elsewhere in "builtins": |this, texts| {
    texts.try_iter()?.map(|text| Ok(this.encode(text?.extract()?))).collect()
});

pub(crate) mod mutable {
    use pyo3::prelude::*;
    use rust_for_ai::bpe::Tokenize;

    #[pyclass(module = "binding")]
    pub(crate) struct Tokenizer {
        inner: solutions::bpe::Tokenizer,
        merges: usize,
        #[pyo3(get)]
        calls: usize,
    }

    #[pymethods]
    impl Tokenizer {
        #[new]
        fn new(merges: Vec<(u32, u32)>) -> Self {
            let inner = solutions::bpe::Tokenizer::new(&merges);
            Self { inner, merges: merges.len(), calls: 0 }
        }

        fn encode(&mut self, text: &str) -> Vec<u32> {
            self.calls += 1;
            self.inner.encode(text)
        }

        fn encode_all(&mut self, texts: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u32>>> {
            texts.try_iter()?.map(|text| Ok(self.encode(text?.extract()?))).collect()
        }

        fn __len__(&self) -> usize {
            256 + self.merges
        }

        fn __repr__(&self) -> String {
            format!("Tokenizer({} merges)", self.merges)
        }
    }
}
