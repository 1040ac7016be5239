//! How many names were looked at, so that tests can hold the work to an article's length. It counts nothing elsewhere.

#[cfg(test)]
thread_local! {
    static LOOKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes that so many entities or mentions are looked at.
#[cfg(test)]
pub(in crate::quotes) fn note(looks: usize) {
    LOOKS.set(LOOKS.get() + looks);
}

#[cfg(not(test))]
pub(in crate::quotes) const fn note(_: usize) {}

/// How many this thread looked at so far.
#[cfg(test)]
pub(in crate::quotes) fn so_far() -> usize {
    LOOKS.get()
}
