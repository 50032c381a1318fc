// A classifier in ONNX: its class names, its picture side, its answers.

// Returns { side, names, answer }; throws an Error whose message is a key of the page's words.
export async function openModel(ort, bytes) {
  let session;
  try {
    session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  } catch (error) {
    throw new Error("notOnnx", { cause: error });
  }
  const [input] = session.inputMetadata, [output] = session.outputMetadata;
  const [, height, side, channels] = input.shape ?? [];
  const fits = session.inputNames.length === 1 && input.type === "float32" && channels === 3;
  if (!fits || !Number.isInteger(side) || height !== side) throw new Error("otherInput");
  const count = output.shape.at(-1);
  let names = JSON.parse(properties(bytes).class_names ?? "[]");
  if (names.length !== count) names = Array.from({ length: count }, (_, k) => `${k + 1}`);

  // Pixels RGB from 0 to 255 [side * side * 3] -> [{ name, probability }], the likeliest first.
  async function answer(pixels) {
    const picture = new ort.Tensor("float32", Float32Array.from(pixels), [1, side, side, 3]);
    const { data } = (await session.run({ [input.name]: picture }))[output.name];
    const sum = data.reduce((a, b) => a + b, 0);
    if (!(Math.abs(sum - 1) < 0.01)) throw new Error("noProbabilities");
    return names
      .map((name, k) => ({ name, probability: data[k] }))
      .sort((a, b) => b.probability - a.probability);
  }
  return { side, names, answer };
}

// The properties of an ONNX file, by name. It is a protobuf message that has them in field 14.
export function properties(bytes) {
  const found = {}, text = (value) => new TextDecoder().decode(value);
  for (const [field, value] of fields(bytes)) {
    if (field !== 14) continue;
    const { 1: name, 2: content } = Object.fromEntries(fields(value));
    found[text(name)] = text(content);
  }
  return found;
}

function* fields(bytes) {
  let at = 0;
  function number() {
    let value = 0, unit = 1, byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * unit;
      unit *= 128;
    } while (byte & 128);
    return value;
  }
  while (at < bytes.length) {
    const key = number(), field = Math.floor(key / 8), kind = key % 8;
    const length = { 0: 0, 1: 8, 2: NaN, 5: 4 }[kind];
    if (kind === 0) number();
    else if (kind === 2) {
      const size = number();
      yield [field, bytes.subarray(at, at + size)];
      at += size;
    } else at += length;
  }
}
