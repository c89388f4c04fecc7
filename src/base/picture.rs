//! Whether an image is one, and shows anything.

/// How every PNG begins.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Whether an image of this media type is not looked into: formats other than PNG are believed to be what they say.
fn is_believed(media_type: &str) -> bool {
    media_type.starts_with("image/") && !media_type.starts_with("image/png")
}

/// What is wrong with the beginning of an image of this media type, where more of it was not kept.
pub fn flaw_of_beginning(media_type: &str, bytes: &[u8]) -> Option<String> {
    let is_odd = !is_believed(media_type) && !bytes.starts_with(SIGNATURE);
    is_odd.then(|| "does not decode: it does not begin as a PNG does".to_owned())
}

/// What is wrong with an image of this media type.
pub fn flaw(media_type: &str, bytes: &[u8]) -> Option<String> {
    if is_believed(media_type) {
        return bytes.is_empty().then(|| "is empty".to_owned());
    }
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info();
    let decoded = reader.and_then(|mut reader| {
        let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut pixels)?;
        pixels.truncate(info.buffer_size());
        Ok((pixels, info.color_type.samples()))
    });
    match decoded {
        Err(error) => Some(format!("does not decode: {error}")),
        Ok((pixels, samples)) => {
            let mut pixels = pixels.chunks(samples.max(1));
            let first = pixels.next();
            pixels.all(|pixel| Some(pixel) == first).then(|| "is blank".to_owned())
        }
    }
}
