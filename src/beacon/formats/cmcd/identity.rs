//! How CMCD records and their views are known: rules that outlive releases, because what is stored is found by them.
//!
//! CMCD counts its reports per session and target (`sn`), not per view, and players start that count anew at will. So a
//! record is known by its own bytes: what a player sends again, it sends unchanged.

use sha2::{Digest, Sha256};

use crate::beacon::formats::digest;

/// The sequence of a record: the first 53 bits (JavaScript's whole numbers) of the SHA-256 of its line, without the white
/// space around it.
///
/// Not one of the quick hashes: two records of a view that differ in a digit must never meet, and on lines of this
/// length the difference is below a microsecond.
pub fn sequence(line: &str) -> u64 {
    digest::first_bits(Sha256::new_with_prefix(line.trim()))
}

/// The view a record belongs to: its session (`sid`), and within that its content (`cid`): another title in the same
/// session is another view. The content's part is 8 hexadecimal digits of its SHA-256, so that an id of 128 characters
/// and any script stays short and safe in a path.
pub fn view_id(sid: &str, cid: Option<&str>) -> String {
    match cid.filter(|cid| !cid.is_empty()) {
        Some(cid) => {
            let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(cid).into();
            format!("{sid}-{:08x}", u32::from_be_bytes([a, b, c, d]))
        }
        None => sid.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also what `printf %s LINE | sha256sum` begins with.
    #[test]
    fn identities_never_change() {
        let line = r#"cid="content-0001",e=ps,sf=h,sid="aa0fe077",sn=0,sta=d,ts=1795313593693,v=2"#;
        assert_eq!(sequence(line), 5_173_651_150_457_652);
        assert_eq!(sequence(&format!(" {line}\r\n")), 5_173_651_150_457_652);
        assert_eq!(view_id("aa0fe077", Some("content-0001")), "aa0fe077-8f503ae8");
        assert_eq!(view_id("aa0fe077", None), "aa0fe077");
        assert_eq!(view_id("aa0fe077", Some("")), "aa0fe077");
        assert!(sequence("anything else") < 1 << 53);
    }
}
