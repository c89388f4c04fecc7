//! A picture from a prompt and a seed, for a worker's double: the same words always give the same bytes.

use std::io::Cursor;

use sha2::{Digest as _, Sha256};

/// A PNG in RGB, `width` × `height` pixels: a gradient between two colours, with stripes across it, all drawn from prompt and seed.
/// Both also stand in it as text chunks (`prompt`, `seed`). It is never of one colour only, unless it is one pixel.
///
/// # Panics
/// If a side is 0, which is no picture.
#[must_use]
pub fn png(prompt: &str, seed: u64, width: u32, height: u32) -> Vec<u8> {
    let dice = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(prompt).finalize();
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    let stripe = 3 + u32::from(dice[6] % 13);
    for y in 0..height {
        for x in 0..width {
            let along = (x * 255 / width + y * 255 / height) / 2;
            let striped = (x + y * u32::from(dice[7] % 4)) / stripe % 2 == 0;
            for channel in 0..3 {
                let (from, to) = (u32::from(dice[channel]), u32::from(dice[channel + 3]));
                let colour = (from * (255 - along) + to * along) / 255;
                // Half as bright or half as dark, so that two equal colours still show the stripes.
                let colour = if striped { colour / 2 } else { 128 + colour / 2 };
                pixels.push(u8::try_from(colour).expect("invariant: the mean of two bytes is a byte"));
            }
        }
    }
    let mut file = Cursor::new(Vec::new());
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    for (keyword, text) in [("prompt", latin1(prompt)), ("seed", seed.to_string())] {
        encoder.add_text_chunk(keyword.to_owned(), text).expect("invariant: these keywords are legal");
    }
    let mut writer = encoder.write_header().expect("invariant: a picture has sides, and memory takes every write");
    writer.write_image_data(&pixels).expect("invariant: there are as many pixels as the header says");
    writer.finish().expect("invariant: memory takes every write");
    file.into_inner()
}

/// A tEXt chunk holds Latin-1 only; what is beyond stands as its escape.
fn latin1(text: &str) -> String {
    text.chars()
        .flat_map(|char| {
            let (plain, escaped) = if u32::from(char) < 256 && char != '\0' {
                (Some(char), None)
            } else {
                (None, Some(char.escape_unicode()))
            };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(file: &[u8]) -> (Vec<u8>, Vec<(String, String)>) {
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let texts = &reader.info().uncompressed_latin1_text;
        (pixels, texts.iter().map(|text| (text.keyword.clone(), text.text.clone())).collect())
    }

    #[test]
    fn a_picture_is_the_same_for_the_same_words_and_another_for_others() {
        assert_eq!(png("a fox", 7, 64, 64), png("a fox", 7, 64, 64));
        let pixels = |prompt, seed| decode(&png(prompt, seed, 64, 64)).0;
        assert_ne!(pixels("a fox", 7), pixels("a fox", 8));
        assert_ne!(pixels("a fox", 7), pixels("an ox", 7));
    }

    #[test]
    fn a_picture_is_not_blank_and_says_what_it_was_made_from() {
        for seed in 0..200 {
            let (pixels, texts) = decode(&png("ein Füchslein 🦊", seed, 64, 96));
            assert_eq!(pixels.len(), 64 * 96 * 3);
            assert!(pixels.chunks(3).any(|pixel| pixel != &pixels[..3]), "seed {seed} is blank");
            assert!(texts.contains(&("prompt".into(), "ein Füchslein \\u{1f98a}".into())));
            assert!(texts.contains(&("seed".into(), seed.to_string())));
        }
    }
}
