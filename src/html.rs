//! HTML for notebook cells: what a verdict and a picture have in common.

/// A piece of HTML that a notebook shows as the result of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Wraps HTML; text that comes from data must have gone through [`escape`].
    pub fn new(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This piece above another one.
    #[must_use]
    pub fn then(mut self, below: &Html) -> Self {
        self.0.push_str(&below.0);
        self
    }

    /// The kernel's envelope: the HTML, and a text for where HTML cannot be shown.
    pub(crate) fn for_kernel(&self, text: &str) -> String {
        format!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT",
            self.0
        )
    }

    /// Called by the Rust notebook kernel to show a value.
    #[expect(clippy::print_stdout, reason = "the kernel's protocol is standard output")]
    pub fn evcxr_display(&self) {
        println!("{}", self.for_kernel("(a picture; open the notebook in JupyterLab to see it)"));
    }
}

/// Text with the characters that HTML takes for its own replaced.
///
/// ```
/// assert_eq!(rust_for_ai::notebook::escape("Vec<u32> & co"), "Vec&lt;u32&gt; &amp; co");
/// ```
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
