//! `Record`: one line of a gateway's log.

/// One line of the log. Fields are read by looking for them: values are escaped, so that a quoted name
/// with a colon is a field and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Record(pub(crate) String);

impl Record {
    /// The raw value of a field.
    fn raw(&self, name: &str) -> &str {
        let key = format!("\"{name}\":");
        let at = self.0.find(&key).unwrap_or_else(|| panic!("no {name} in {}", self.0));
        self.0[at + key.len()..].trim_start()
    }

    /// A string field; `None` where it is null.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name);
        if raw.starts_with("null") {
            return None;
        }
        let raw = raw.strip_prefix('"').unwrap_or_else(|| panic!("{name} is no string in {}", self.0));
        let mut text = String::new();
        let mut chars = raw.chars();
        loop {
            match chars.next() {
                Some('"') => return Some(text),
                Some('\\') => text.extend(chars.next()),
                Some(c) => text.push(c),
                None => panic!("{name} does not end in {}", self.0),
            }
        }
    }

    /// A number field; `None` where it is null.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let raw = self.raw(name);
        let digits: String = raw.chars().take_while(char::is_ascii_digit).collect();
        if digits.is_empty() {
            assert!(raw.starts_with("null"), "{name} is no number in {}", self.0);
            return None;
        }
        digits.parse().ok()
    }
}
