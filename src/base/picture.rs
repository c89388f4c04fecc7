//! Whether an image is one, and shows anything.

/// How every PNG begins.
pub const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Whether an image of this media type is not looked into: formats other than PNG are believed to be what they say.
pub fn is_believed(media_type: &str) -> bool {
    media_type.starts_with("image/") && !media_type.starts_with("image/png")
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
