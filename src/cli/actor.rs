//! Who asks, as the operating system says; nothing proves it yet.

/// The header that carries the name.
pub(super) const HEADER: &str = "x-seatrial-actor";

/// The user's name as a header can carry it.
pub(super) fn header_value(user: &str) -> String {
    let fit = |c: &char| c.is_ascii_graphic() || *c == ' ';
    user.chars().filter(fit).take(64).collect()
}
