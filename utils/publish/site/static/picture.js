// A picture as the network gets it, as read_picture of utils makes it: upright, on white, the longer
// side cropped about the centre, resized bilinearly. Pixel for pixel the same, but for JPEG, where
// decoders round differently.

const LARGEST = 16e6; // pixels of a canvas; phones refuse more
const ONE = 2 ** 22; // Pillow's weights are whole numbers, this many to 1

// Returns RGB from 0 to 255, Uint8ClampedArray [side * side * 3]; rejects what is no picture.
export async function prepare(file, side) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const shrink = Math.max(1, Math.sqrt((bitmap.width * bitmap.height) / LARGEST));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(bitmap.width / shrink));
  canvas.height = Math.max(1, Math.floor(bitmap.height / shrink));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isJpeg = start[0] === 0xff && start[1] === 0xd8;
  return fit(isJpeg ? reduce(picture, side) : picture, side);
}

// Pillow reduces a JPEG while it decodes it, to twice the side or more; means come close to that.
function reduce(picture, side) {
  const { data, width, height } = picture, most = Math.min(width, height) / (2 * side);
  const by = [8, 4, 2].find((factor) => factor <= most);
  if (!by) return picture;
  const small = { width: Math.ceil(width / by), height: Math.ceil(height / by) };
  small.data = new Uint8ClampedArray(small.width * small.height * 4);
  for (let row = 0; row < small.height; row++)
    for (let column = 0; column < small.width; column++)
      for (let colour = 0; colour < 3; colour++) {
        let sum = 0, count = 0;
        for (let y = row * by; y < Math.min(row * by + by, height); y++)
          for (let x = column * by; x < Math.min(column * by + by, width); x++, count++)
            sum += data[(y * width + x) * 4 + colour];
        small.data[(row * small.width + column) * 4 + colour] = sum / count; // rounded there
      }
  return small;
}

function fit({ data, width, height }, side) {
  const crop = Math.min(width, height);
  const across = weights(width, (width - crop) / 2, crop, side);
  const down = weights(height, (height - crop) / 2, crop, side);
  const narrow = new Uint8ClampedArray(height * side * 3);
  for (let row = down[0].first; row < height; row++)
    resample(data, row * width * 4, 4, across, narrow, row * side * 3, 3);
  const small = new Uint8ClampedArray(side * side * 3);
  for (let column = 0; column < side; column++)
    resample(narrow, column * 3, side * 3, down, small, column * 3, side * 3);
  return small;
}

// One line of pixels, `step` apart in `from` from `start` on, into one of `to`.
function resample(from, start, step, lines, to, target, targetStep) {
  lines.forEach(({ first, shares }, place) => {
    for (let colour = 0; colour < 3; colour++) {
      let sum = ONE / 2;
      for (let k = 0; k < shares.length; k++)
        sum += from[start + (first + k) * step + colour] * shares[k];
      to[target + place * targetStep + colour] = Math.floor(sum / ONE);
    }
  });
}

// For each pixel of a resized line: the first that it is made of, and the share of each.
function weights(size, from, crop, side) {
  const scale = crop / side, reach = Math.max(scale, 1);
  return Array.from({ length: side }, (_, place) => {
    const centre = from + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(size, Math.trunc(centre + reach + 0.5));
    const raw = Array.from({ length: last - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k - centre + 0.5) / reach)));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, shares: raw.map((share) => Math.floor(0.5 + (share / sum) * ONE)) };
  });
}
