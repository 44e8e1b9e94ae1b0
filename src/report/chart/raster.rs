//! Pixels of a picture, by its own font.

use resvg::{tiny_skia, usvg};

use crate::error::Error;

/// Renders a timeline as PNG, `scale` pixels for one of the SVG, with the embedded font only.
///
/// # Errors
///
/// [`Error::Render`] if it is no SVG or too large.
pub fn png(svg: &str, scale: u32) -> Result<Vec<u8>, Error> {
    let failed = |detail: String| Error::Render { what: "timeline.png", detail };
    let mut options = usvg::Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    // Without it a text whose family is not found is left out in silence.
    fonts.set_sans_serif_family("DejaVu Sans");
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size().to_int_size();
    let mut pixels = tiny_skia::Pixmap::new(size.width() * scale, size.height() * scale)
        .ok_or_else(|| failed("too large".to_owned()))?;
    let transform = tiny_skia::Transform::from_scale(scale as f32, scale as f32);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(error.to_string()))
}
