//! All of Unicode, in the places that matter, and words of the scripts people write: what both implementations are compared on.

/// A place for a code point.
pub(crate) struct Context {
    pub(crate) name: &'static str,
    pub(crate) around: fn(char) -> String,
}

/// Where a code point stands in any text.
pub(crate) const CONTEXTS: &[Context] = &[
    Context { name: "alone", around: |c| c.to_string() },
    Context { name: "after a letter", around: |c| format!("a{c}") },
    Context { name: "between letters", around: |c| format!("A{c}b") },
    Context { name: "after digits", around: |c| format!("12{c}") },
    Context { name: "between Hebrew letters", around: |c| format!("א{c}ב") },
    Context { name: "between Arabic letters, with digits", around: |c| format!("ب1{c}٢ب") },
    Context { name: "before an accent", around: |c| format!("{c}\u{301}x") },
    Context { name: "between accents", around: |c| format!("a\u{327}{c}\u{301}") },
    Context { name: "between a leading consonant and a vowel of Hangul", around: |c| format!("\u{1100}{c}\u{1161}") },
    Context { name: "before a joiner", around: |c| format!("क{c}\u{200d}क") },
    Context { name: "before a non-joiner, between Arabic letters", around: |c| format!("ب{c}\u{200c}ب") },
];

/// Where it stands in a domain.
pub(crate) const DOMAIN_CONTEXTS: &[Context] = &[
    Context { name: "in a label behind another", around: |c| format!("a.{c}b") },
    Context { name: "in a label before a Hebrew one", around: |c| format!("a{c}.אב") },
    Context { name: "before digits, hyphens and letters", around: |c| format!("{c}1-b--c") },
    Context { name: "as the third, before two hyphens", around: |c| format!("a{c}--b") },
    Context { name: "before a hyphen", around: |c| format!("b.{c}-") },
    Context { name: "as an A-label", around: |c| format!("xn--{}", punycode(&[c])) },
    Context { name: "in an A-label", around: |c| format!("b.XN--{}.example", punycode(&['a', c, 'é'])) },
];

/// Planes for private use, and those without a character in any version of Unicode, are seen once only.
pub(crate) fn is_in_a_plane_of_characters(character: char) -> bool {
    !matches!(character, '\u{34000}'..='\u{dffff}' | '\u{e1000}'..)
}

/// Whether a code point is put among others. One ideograph is like another there, except for those that become others.
pub(crate) fn is_put_among_others(character: char) -> bool {
    match character {
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{2f7ff}' | '\u{2fa20}'..='\u{33fff}' => {
            u32::from(character).is_multiple_of(16)
        }
        '\u{e100}'..='\u{f8ef}' => false,
        _ => is_in_a_plane_of_characters(character),
    }
}

/// Whole JIDs.
pub(crate) const JIDS: &[&str] = &[
    "",
    "@",
    "/",
    "a@",
    "@a",
    "a/",
    "a@b@c",
    "a@b@c/d",
    "a/b@c",
    "a@b/c@d/e",
    "a@b.",
    "a@b./c",
    "b.",
    "b..",
    ".",
    "a..b",
    ".a",
    "A@B/C",
    "Romeo@Example.NET/Balcony",
    "a b@c",
    "a@b c",
    "a@c/ d e ",
    "a@c/\u{7f}",
    "\u{ad}@a",
    "a/\u{ad}",
    "a@\u{ad}",
    // Addresses, and what only looks like one.
    "1.2.3.4",
    "a@127.0.0.1/b",
    "1.2.3.4.",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "0x7f.1",
    "0x7f",
    "123",
    "é.1",
    "é.0x1f",
    "é.0x",
    "１.２.３.４",
    "０x７f",
    "[::1]",
    "a@[2001:DB8::1]/b",
    "[::1",
    "::1",
    "[::1].",
    "[é]",
    "[1.2.3.4]",
    // What a URL would take apart.
    "é:80",
    "é\\b",
    "é?b",
    "é#b",
    "é%41",
    "é％４１",
    "é\tb",
    "é\nb",
    "é b",
    "a@é@b",
    "é／b",
    "é：80",
    "é＠b",
    "é_b",
    "é!$&'()*+,;=~`{}\"b",
    "é。b",
    "é．b",
    "é｡b",
    "é。",
    "a。b",
    "℀.example",
    "☃.example",
    "I❤.example",
    // Hyphens, A-labels, lengths.
    "-a",
    "a-",
    "ab--c",
    "é-",
    "-é",
    "éa--b",
    "aß--b",
    "xn--",
    "xn--a",
    "xn---",
    "xn--a-",
    "XN--9CA",
    "xn--9ca.com",
    "xn--zca",
    "xn--ls8h.example",
    "xn--0.example",
    "xn--é",
    "é.xn--a",
    "ＸＮ－－9ca",
    "xn--abc-9ca",
    "xn--abcdefg",
    // German, French, Turkish, Vietnamese, Polish, Lithuanian.
    "Jürgen@Straße.example/Büro",
    "STRASSE@STRAẞE.example",
    "Élodie@Hôtel-Noël.example/Œuvre à l’été",
    "İstanbul@Diyarbakır.example/IĞDIR",
    "nguyễn@việt-nam.example/Tiếng Việt",
    "Łódź@Żółć.example/Źdźbło",
    "ė̃ŠĄ@ąčęėįšųūž.example",
    // Greek, Cyrillic, Armenian, Georgian.
    "ΣΊΣΥΦΟΣ@ΒΌΛΟΣ.example/ΐ ΰ ς",
    "ὈΔΥΣΣΕΎΣ@ᾼδης.example",
    "Достоевский@Россия.РФ/Ёлка",
    "Ґалаґан@Київ.укр/Їжак",
    "Ђорђе@Србија.срб/Љиљана",
    "Հայաստան@Երևան.հայ/և",
    "საქართველო@თბილისი.გე",
    "ႠႡႢ@ⴀⴁⴂ.example",
    // Hebrew, Arabic, Persian, Urdu, Syriac, Thaana.
    "שלום@ישראל.קום/משרד",
    "בְּרֵאשִׁית@ישראל.example",
    "محمد@موقع.وزارة-الأتصالات.مصر/بيت",
    "محمد1@موقع.مصر",
    "1محمد@a.مصر",
    "علی@ایران.ایران/خانه",
    "نامه\u{200c}ای@نامه\u{200c}ای.com",
    "اردو@پاکستان.پاکستان",
    "ﻣﺤﻤﺪ@ﻣﻮﻗﻊ.example",
    "ܫܠܡܐ@ܣܘܪܝܐ.example",
    "ދިވެހި@ދިވެހިރާއްޖެ.example",
    "abcא@example",
    "אa@example",
    "example/אa",
    "example/א ב",
    "a1.אב",
    "1a.אב",
    "א1.example",
    // The scripts of India and its neighbours.
    "हिन्दी@भारत.भारत/श्री",
    "क्\u{200d}ष@क्\u{200d}ष.example",
    "বাংলা@ভারত.ভারত/য়",
    "ਪੰਜਾਬੀ@ਭਾਰਤ.ਭਾਰਤ",
    "ગુજરાતી@ભારત.ભારત",
    "தமிழ்@இந்தியா.இந்தியா/ஸ்ரீ",
    "తెలుగు@భారత్.భారత్",
    "ಕನ್ನಡ@ಭಾರತ.ಭಾರತ",
    "മലയാളം@ഭാരതം.ഭാരതം",
    "සිංහල@ලංකා.ලංකා/ශ්\u{200d}රී",
    "ไทย@ประเทศ.ไทย/ที่ทำงาน",
    "ລາວ@ລາວ.ລາວ/ນ້ຳ",
    "မြန်မာ@မြန်မာ.example",
    "ខ្មែរ@កម្ពុជា.example",
    "བོད་སྐད@བོད.example",
    // East Asia.
    "日本語@例え.テスト/ｱｲｳ ガギグ",
    "カ\u{3099}@か\u{3099}.example",
    "中文@中国.中国/ＡＢＣ",
    "中文@臺灣.台灣",
    "한국어@한국.한국/가각",
    "\u{1112}\u{1161}\u{11ab}@\u{1100}\u{1161}.example",
    "神@神社.example",
    "㍿@㌔.example",
    // Others, and what Unicode 3.2 did not know.
    "አማርኛ@ኢትዮጵያ.example",
    "ᏣᎳᎩ@ᏣᎳᎩ.example",
    "ᐃᓄᒃᑎᑐᑦ@ᐃᓄᒃᑎᑐᑦ.example",
    "монгол@ᠮᠣᠩᠭᠣᠯ.example",
    "😀@😀.example/😀",
    "a@b/\u{2764}\u{fe0f}",
    "𝐉𝐮𝐥𝐢𝐞𝐭@𝔼𝕩𝕒𝕞𝕡𝕝𝕖.𝓷𝓮𝓽/①Ⅳ½",
    "🄰@b/🄰",
    "a@🄰.example",
    "ŐﬁﬃﬆȺ@ﬁ.example",
    "K@Å.example/Ω",
];

/// The label without `xn--` (RFC 3492): for labels of a few code points only.
fn punycode(label: &[char]) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut encoded: String = label.iter().filter(|character| character.is_ascii()).collect();
    let mut handled = encoded.len() as u32;
    if handled > 0 {
        encoded.push('-');
    }
    let (mut n, mut delta, mut bias, mut is_first) = (0x80, 0, 72, true);
    while (handled as usize) < label.len() {
        let next = label.iter().map(|character| u32::from(*character)).filter(|code| *code >= n).min().unwrap_or(n);
        delta += (next - n) * (handled + 1);
        n = next;
        for code in label.iter().map(|character| u32::from(*character)) {
            delta += u32::from(code < n);
            if code != n {
                continue;
            }
            let (mut rest, mut k) = (delta, 36_u32);
            loop {
                let threshold = k.saturating_sub(bias).clamp(1, 26);
                let is_last = rest < threshold;
                let digit = if is_last { rest } else { threshold + (rest - threshold) % (36 - threshold) };
                encoded.push(char::from(DIGITS[digit as usize]));
                if is_last {
                    break;
                }
                rest = (rest - threshold) / (36 - threshold);
                k += 36;
            }
            handled += 1;
            delta = if is_first { delta / 700 } else { delta / 2 };
            delta += delta / handled;
            bias = 0;
            while delta > 455 {
                delta /= 35;
                bias += 36;
            }
            bias += 36 * delta / (delta + 38);
            (delta, is_first) = (0, false);
        }
        delta += 1;
        n += 1;
    }
    encoded
}
