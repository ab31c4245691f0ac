//! Punycode (RFC 3492), from ASCII only.

const BASE: u32 = 36;

/// The code points behind `xn--`. `None`: it is not Punycode, or of something that is ASCII and needs none.
pub(super) fn decode(encoded: &str) -> Option<Vec<u32>> {
    let (basic, deltas) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    if deltas.is_empty() {
        return None;
    }
    let mut label: Vec<u32> = basic.chars().map(u32::from).collect();
    let (mut n, mut i, mut bias) = (128_u32, 0_u32, 72);
    let mut digits = deltas.bytes().peekable();
    while digits.peek().is_some() {
        let old = i;
        let (mut weight, mut k) = (1_u32, BASE);
        loop {
            let digit = match digits.next()? {
                letter @ b'a'..=b'z' => letter - b'a',
                letter @ b'A'..=b'Z' => letter - b'A',
                digit @ b'0'..=b'9' => digit - b'0' + 26,
                _ => return None,
            };
            let digit = u32::from(digit);
            i = i.checked_add(digit.checked_mul(weight)?)?;
            // RFC 3492, section 5: tmin is 1, tmax is 26.
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let count = u32::try_from(label.len()).ok()? + 1;
        bias = adapt(i - old, count, old == 0);
        n = n.checked_add(i / count)?;
        i %= count;
        label.insert(usize::try_from(i).ok()?, n);
        i += 1;
    }
    Some(label)
}

/// RFC 3492, section 6.1.
fn adapt(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= BASE - 1;
        k += BASE;
    }
    k + BASE * delta / (delta + 38)
}
