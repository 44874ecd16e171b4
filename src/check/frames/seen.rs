//! What is seen of a frame: whether it is a plan to read, the types of its columns, and its rows.

use polars::prelude::*;

/// A frame, as far as it can be compared and shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    /// Whether the plan reads a file, rather than rows that are in memory already.
    pub(super) reads: bool,
    /// Name and type of each column.
    pub(super) columns: Vec<String>,
    /// A line a row; else the plan could not be carried out. With which words is Polars' affair.
    pub(super) rows: Result<Vec<String>, ()>,
}

impl Seen {
    /// Carries the plan out.
    pub(super) fn of(frame: &LazyFrame) -> Self {
        let plan = frame.explain(false).unwrap_or_default();
        let columns = frame.clone().collect_schema().map_or_else(
            |error| vec![format!("no columns: {error}")],
            |schema| schema.iter().map(|(name, kind)| format!("{name}: {kind}")).collect(),
        );
        let rows = frame.clone().collect().and_then(|frame| rows(&frame)).map_err(drop);
        Self { reads: plan.contains("SCAN"), columns, rows }
    }

    /// Some lines to read.
    pub(super) fn show(&self) -> String {
        let plan =
            if self.reads { "a plan that reads the file" } else { "rows that were read already" };
        let rows = match &self.rows {
            Ok(rows) if rows.is_empty() => "no row".to_owned(),
            Ok(rows) => rows.join("\n"),
            Err(()) => "an Err".to_owned(),
        };
        format!("{plan}\n{}\ncollect: {rows}", self.columns.join(", "))
    }
}

/// Each row as its values, apart by bars; a text in quotes, so that an empty one and a null can be told, and a number
/// with a fraction to nine places, so that the last bits are nobody's affair.
pub(super) fn rows(frame: &DataFrame) -> PolarsResult<Vec<String>> {
    let value = |value: &AnyValue<'_>| match value {
        AnyValue::Float64(number) => format!("{number:.9}"),
        value => value.get_str().map_or_else(|| value.to_string(), |text| format!("{text:?}")),
    };
    (0..frame.height())
        .map(|at| {
            let row: PolarsResult<Vec<String>> =
                frame.columns().iter().map(|column| Ok(value(&column.get(at)?))).collect();
            Ok(row?.join(" | "))
        })
        .collect()
}

/// What went wrong, without the plan that Polars prints below it.
pub(super) fn first_line(error: &PolarsError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
