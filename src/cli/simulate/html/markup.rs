//! Text as markup. Everything that is shown goes through [`escaped`].

/// Text as it is, in an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            _ => shown.push(c),
        }
    }
    shown
}

/// A table of texts.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |row: &Vec<String>| {
        let cells: String = row.iter().map(|it| format!("<td>{}</td>", escaped(it))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let headings: String =
        headings.iter().map(|it| format!("<th scope=\"col\">{}</th>", escaped(it))).collect();
    let rows: String = rows.iter().map(cells).collect();
    format!("<table>\n<tr>{headings}</tr>\n{rows}</table>\n")
}
