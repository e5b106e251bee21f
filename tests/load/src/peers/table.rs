//! The published matrix, as far as it is about the proxies that run here.
//!
//! A cell that is more than one verdict says why.

/// The columns for Debian 12's nginx and HAProxy, of a matrix of 82 faults and 20 proxies.
const MATRIX: &str = include_str!("../../fixtures/peers.tsv");

/// One row: a behaviour, a method, a cell for each proxy.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) behaviour: &'static str,
    pub(crate) method: &'static str,
    pub(crate) nginx: Cell,
    pub(crate) haproxy: Cell,
    pub(crate) why: &'static str,
}

/// What one proxy makes of one behaviour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// Verdicts, each of which is right: `502|503` for a race.
    pub(crate) any_of: Vec<&'static str>,
    /// What the matrix says where this lab's upstream is made otherwise: `200!502` is 200 there, 502 here.
    pub(crate) elsewhere: Option<&'static str>,
}

impl Cell {
    fn read(text: &'static str) -> Self {
        let (elsewhere, here) = match text.split_once('!') {
            Some((elsewhere, here)) => (Some(elsewhere), here),
            None => (None, text),
        };
        Self { any_of: here.split('|').collect(), elsewhere }
    }

    fn wants_reason(&self) -> bool {
        self.any_of.len() > 1 || self.elsewhere.is_some()
    }
}

/// Every row.
///
/// # Errors
///
/// The line that is none.
pub(crate) fn rows() -> Result<Vec<Row>, String> {
    let lines = MATRIX.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().filter(|column| !column.is_empty());
            let (Some(behaviour), Some(method), Some(nginx), Some(haproxy)) = (next(), next(), next(), next()) else {
                return Err(format!("not a row: {line:?}"));
            };
            let row = Row {
                behaviour,
                method,
                nginx: Cell::read(nginx),
                haproxy: Cell::read(haproxy),
                why: next().unwrap_or(""),
            };
            if row.why.is_empty() && (row.nginx.wants_reason() || row.haproxy.wants_reason()) {
                return Err(format!("a set without a reason: {line:?}"));
            }
            Ok(row)
        })
        .collect()
}
