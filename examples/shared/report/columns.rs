//! A table in columns that fits the terminal: what matters first stands first, and what does not fit is cut at the right.

use std::fmt::Write as _;

use super::terminal::{Style, Terminal, printable};

/// Between two columns.
const GAP: usize = 2;
/// A column that would be cut to less than this is left out.
const LEAST: usize = 8;

/// One place in the table.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// Rows under a head, in groups, with notes between them.
#[derive(Debug)]
pub(crate) struct Table {
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Row(Vec<Cell>),
    Note(Cell),
}

impl Cell {
    /// A text from anywhere: what is not printable in it is escaped.
    pub(crate) fn new(style: Style, text: &str) -> Self {
        Self { text: printable(text), style }
    }
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { lines: vec![Line::Row(head.iter().map(|title| Cell::new(Style::Faint, title)).collect())] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.lines.push(Line::Row(cells.into_iter().collect()));
    }

    /// A line of its own, whatever the columns: a heading, or more about the row before.
    pub(crate) fn note(&mut self, style: Style, text: &str) {
        self.lines.push(Line::Note(Cell::new(style, text)));
    }

    pub(crate) fn text(&self, terminal: Terminal) -> String {
        let widths = self.widths(terminal.width);
        let mut out = String::new();
        for line in &self.lines {
            match line {
                Line::Row(cells) => {
                    let mut gap = 0;
                    for (cell, width) in cells.iter().zip(&widths) {
                        let text = cut(&cell.text, *width);
                        let _ = write!(out, "{:gap$}{}", "", terminal.paint(cell.style, &text));
                        gap = GAP.saturating_add(width.saturating_sub(text.chars().count()));
                    }
                    out.push('\n');
                }
                Line::Note(note) => out.push_str(&paragraph(terminal, note.style, &note.text)),
            }
        }
        out
    }

    /// How wide each column is. Those that are missing do not fit.
    fn widths(&self, room: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for line in &self.lines {
            let Line::Row(cells) = line else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.text.len().max(*width);
            }
        }
        let mut left = room.saturating_add(GAP);
        widths.iter().map_while(|&width| fit(width, &mut left)).collect()
    }
}

fn fit(width: usize, left: &mut usize) -> Option<usize> {
    let room = left.saturating_sub(GAP);
    let fitting = width.min(room);
    *left = room.saturating_sub(fitting);
    (fitting >= width.min(LEAST)).then_some(fitting)
}

/// All of it, or as much as fits, with a mark.
fn cut(text: &str, width: usize) -> String {
    if text.len() <= width {
        return text.to_owned();
    }
    let mut text: String = text.chars().take(width.saturating_sub(1)).collect();
    text.push('…');
    text
}

/// Lines that end at a space where they can, and stand below the first letter of the first.
pub(super) fn paragraph(terminal: Terminal, style: Style, text: &str) -> String {
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    let room = terminal.width.saturating_sub(indent.len()).max(LEAST);
    let mut out = String::new();
    let mut rest = text.trim();
    loop {
        let (line, after) = match rest.split_at_checked(room) {
            None => (rest, ""),
            Some((line, "")) => (line, ""),
            Some((_, after)) if after.starts_with(' ') => rest.split_at(room),
            Some((line, _)) => rest.split_at(line.rfind(' ').unwrap_or(room)),
        };
        let _ = writeln!(out, "{indent}{}", terminal.paint(style, line.trim_end()));
        rest = after.trim_start();
        if rest.is_empty() {
            return out;
        }
    }
}
