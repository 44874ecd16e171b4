//! The real corpus of the chapter's checks, cut without Polars.

/// A row of a corpus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) language: &'static str,
    pub(super) article: u32,
    pub(super) text: Option<&'static str>,
}

/// Each article of the Universal Declaration of Human Rights in each language of `data/declaration.tsv`.
pub(super) fn declaration() -> Vec<Row> {
    let lines = include_str!("../../../data/declaration.tsv").lines().skip(1);
    let row = |line: &'static str| {
        let mut fields = line.split('\t');
        let (language, article) = (fields.next()?, fields.next()?.parse().ok()?);
        Some(Row { language, article, text: Some(fields.next()?) })
    };
    lines.filter_map(row).collect()
}
