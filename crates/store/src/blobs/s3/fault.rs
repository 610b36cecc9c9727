//! The object store's errors in this crate's words. Its answers are not repeated: they quote what
//! was asked, the access key's id included.

use crate::blobs::Error;
use object_store::Error as Fault;

/// What a request came to; that there is nothing at its key is an error here too.
pub(super) fn of(fault: &Fault) -> Error {
    let words = words(&fault.to_string());
    if matches!(fault, Fault::PermissionDenied { .. } | Fault::Unauthenticated { .. })
        || names_no_bucket(fault)
    {
        return Error::Denied(words);
    }
    Error::Unreachable(words)
}

/// Whether there is nothing at the key that was asked for. A bucket that is not there is another
/// matter.
pub(super) fn is_absent(fault: &Fault) -> bool {
    matches!(fault, Fault::NotFound { .. }) && !names_no_bucket(fault)
}

fn names_no_bucket(fault: &Fault) -> bool {
    matches!(fault, Fault::NotFound { .. }) && fault.to_string().contains("<Code>NoSuchBucket<")
}

/// The text up to the answer's body, and the body's error code.
fn words(text: &str) -> String {
    let (head, body) = text.split_once('<').unwrap_or((text, ""));
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once('<'));
    let head = head.trim_end_matches([' ', ':']);
    match code {
        Some((code, _)) => format!("{head}: {code}"),
        None => head.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_its_code_alone() {
        let text = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?>\
                    <Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKIA1</AWSAccessKeyId>";
        let told = "Server returned non-2xx status code: 403 Forbidden: InvalidAccessKeyId";
        assert_eq!(words(text), told);
        assert_eq!(words("no route to host"), "no route to host");
    }

    #[test]
    fn a_missing_bucket_is_no_missing_blob() {
        let fault = |body: &str| Fault::NotFound { path: "k".to_owned(), source: body.into() };
        let (key, bucket) = (fault("<Code>NoSuchKey</Code>"), fault("<Code>NoSuchBucket</Code>"));
        assert!(is_absent(&key) && !is_absent(&bucket));
        assert!(matches!(of(&bucket), Error::Denied(_)));
    }
}
