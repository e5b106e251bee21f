//! The plain text of a diagnosis: 80 columns, no markup, in the order one reads it at night.
//!
//! Words are wrapped, commands never are: they must run as they stand.

use std::fmt::{self, Write};

use super::context::Deployment;
use super::value::{Diagnosis, Step};

/// The width of a line.
const WIDTH: usize = 80;

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wrap(f, "", "", &self.summary)?;
        if !self.evidence.is_empty() {
            f.write_str("\nWhat is known\n")?;
            let width = self.evidence.iter().map(|fact| fact.name.len()).max().unwrap_or(0).saturating_add(4);
            for fact in &self.evidence {
                let name = format!("{:width$}", format!("  {}", fact.name));
                wrap(f, &name, &" ".repeat(width), &fact.value)?;
            }
        }
        if !self.causes.is_empty() {
            f.write_str("\nLikely causes, likeliest first\n")?;
            for (n, cause) in (1u32..).zip(&self.causes) {
                let mark = if cause.supported { " [fits what was seen]" } else { "" };
                wrap(f, &format!("{n:3}. "), "     ", &format!("{}{mark}", cause.text))?;
            }
        }
        if !self.steps.is_empty() {
            f.write_str("\nNext steps\n")?;
            let mut last = Deployment::Unknown;
            for (n, step) in (1u32..).zip(&self.steps) {
                let Step { place, deployment, why, command } = step;
                if *deployment != last {
                    writeln!(f, "  If it runs {}:", deployment.phrase())?;
                    last = *deployment;
                }
                wrap(f, &format!("{n:3}. "), "     ", &format!("[{}] {why}", place.phrase()))?;
                writeln!(f, "       {command}")?;
            }
        }
        if !self.settings.is_empty() {
            f.write_str("\nSettings that play a part, with their defaults\n")?;
            let width = self.settings.iter().map(|setting| setting.product.len()).max().unwrap_or(0).saturating_add(4);
            for setting in &self.settings {
                let product = format!("{:width$}", format!("  {}", setting.product));
                wrap(
                    f,
                    &product,
                    &" ".repeat(width.saturating_add(2)),
                    &format!("{}: {}", setting.name, setting.default),
                )?;
            }
        }
        if !self.avoid.is_empty() {
            f.write_str("\nWhat not to do\n")?;
            for warning in &self.avoid {
                wrap(f, "  - ", "    ", warning)?;
            }
        }
        if !self.lasting.is_empty() {
            f.write_str("\nSo that it does not come back\n")?;
            for advice in &self.lasting {
                wrap(f, "  - ", "    ", advice)?;
            }
        }
        if !self.placeholders.is_empty() {
            f.write_str("\nNot known, so look before you run a command\n")?;
            for note in &self.placeholders {
                wrap(f, "  - ", "    ", note)?;
            }
        }
        Ok(())
    }
}

/// Writes a text in lines of at most [`WIDTH`] columns. A word that is longer stands whole.
fn wrap(f: &mut fmt::Formatter<'_>, first: &str, indent: &str, text: &str) -> fmt::Result {
    f.write_str(first)?;
    let mut column = first.chars().count();
    let mut begun = false;
    for word in text.split_ascii_whitespace() {
        let length = word.chars().count();
        if begun && column.saturating_add(length).saturating_add(1) > WIDTH {
            f.write_char('\n')?;
            f.write_str(indent)?;
            column = indent.len();
        } else if begun {
            f.write_char(' ')?;
            column = column.saturating_add(1);
        }
        f.write_str(word)?;
        column = column.saturating_add(length);
        begun = true;
    }
    f.write_char('\n')
}
