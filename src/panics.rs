//! Panics of our own code over what others have sent: caught where one record can be told from the next, so that it costs
//! itself and not the process; and told in the log like everything else.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
};

/// Does `work`; if it panics, what it said. The caller has to let go of whatever the work was changing: it may be half done.
///
/// # Errors
/// The words of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| words(&*payload))
}

/// From now on panics are lines of the log, with its form and its dam: a record decides how often there is one.
pub fn tell() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, words = ?words(panic.payload()), "a panic");
    }));
}

fn words(payload: &(dyn Any + Send)) -> String {
    let known = payload.downcast_ref::<String>().map(String::as_str);
    known.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_comes_back_or_the_words_it_ended_with() {
        assert_eq!(caught(|| 5), Ok(5));
        assert_eq!(caught(|| panic!("fixed")), Err::<(), _>("fixed".to_owned()));
        assert_eq!(caught(|| panic!("made of {}", 2)), Err::<(), _>("made of 2".to_owned()));
        let other = caught(|| std::panic::panic_any(7));
        assert_eq!(other, Err::<(), _>("a panic without words".to_owned()));
    }
}
