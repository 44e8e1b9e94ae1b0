//! Log text inside HTML: whoever can write into a log must not be able to write markup.

/// Takes away the meaning that a text could have in HTML, between tags or in an attribute.
pub(crate) fn without_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_keeps_a_meaning() {
        assert_eq!(
            without_markup("<a href='x' title=\"y\">&\u{7}"),
            "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp; "
        );
        assert_eq!(without_markup("Zürich – 日本"), "Zürich – 日本");
    }
}
