//! Times on a command line, like 2s or 500ms.

use std::time::Duration;

/// The longest time that a flag may name.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A time, and more than none.
///
/// # Errors
///
/// One line that says what a time looks like.
pub(crate) fn duration(flag: &str, text: &str) -> Result<Duration, String> {
    match number_with_unit(text) {
        Some(d) if !d.is_zero() => Ok(d),
        Some(_) | None => Err(format!("{flag} {text:?} is not a time like 2s or 500ms, up to a day")),
    }
}

/// A time that may be none.
pub(crate) fn number_with_unit(text: &str) -> Option<Duration> {
    let time = match text.strip_suffix("ms") {
        Some(ms) => Duration::from_millis(ms.parse().ok()?),
        None => Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()?,
    };
    (time <= DAY).then_some(time)
}
