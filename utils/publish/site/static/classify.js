// The page that classifies pictures in the reader's own browser. Nothing leaves it: the page
// fetches the runtime, the example and its toys from its own site, and sends no picture anywhere.

import { openModel } from "./model.js";
import { prepare } from "./picture.js";
import { language, words } from "./words.js";

const PARTS = new URL(language === "en" ? "classifier/" : "../classifier/", document.baseURI);
const SHOWN = 5; // classes; the others are folded
const place = document.getElementById("classifier");
let about, runtime, example, model, latest = 0;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const button = (text, onclick, hidden = false) =>
  make("button", { type: "button", textContent: text, onclick, hidden });
const chooser = (accept, use) => make("input", {
  type: "file", accept,
  onchange: ({ target }) => { if (target.files.length) use(target.files[0]); target.value = ""; },
});

const choice = (className, text, action, accept) => make("label", { className }, `${text} `,
  chooser(accept, readFile), make("span", { className: "button", textContent: action }));

const status = make("p", { className: "status" });
status.setAttribute("role", "status");
const result = make("div", { className: "result", hidden: true });
const video = make("video", { autoplay: true, muted: true, playsInline: true, hidden: true });
const take = button(words.take, takePicture, true);
const close = button(words.close, closeCamera, true);
const open = button(words.camera, openCamera);
const toys = make("div", { className: "toys" });
const ofExample = make("div"); // what belongs to the example, and not to a reader's own model
const back = button(words.back, () => use(example, "example.onnx"), true);
const own = make("details", {}, make("summary", { textContent: words.own }),
  choice("own", words.ownHint, words.chooseModel, ".onnx"), back);
const drop = choice("drop", words.drop, words.choose, "image/*");

function say(text, trouble = false) {
  status.textContent = text;
  status.classList.toggle("trouble", trouble);
}

// One after the other: what is asked for last is what is shown.
async function readFile(file) {
  const turn = ++latest, isModel = file.name.toLowerCase().endsWith(".onnx");
  result.hidden = true;
  try {
    await start();
    say(words.reading(file.name));
    await new Promise((resolve) => setTimeout(resolve)); // so that the words are seen
    if (isModel) {
      const opened = await openModel(runtime, new Uint8Array(await file.arrayBuffer()));
      if (turn === latest) use(opened, file.name);
      return;
    }
    const asked = model;
    const pixels = await prepare(file, asked.side).catch((error) => {
      throw new Error("notPicture", { cause: error });
    });
    const answers = await asked.answer(pixels);
    if (turn === latest) show(pixels, asked.side, answers);
  } catch (error) {
    if (turn !== latest) return;
    const name = error.message === "noProbabilities" ? model.title : file.name;
    say(words[error.message]?.(name) ?? `${error}`, true);
  }
}

function use(opened, title) {
  model = Object.assign(opened, { title });
  back.hidden = model === example;
  ofExample.hidden = model !== example;
  result.hidden = true;
  say(words.loaded(title, model));
}

async function start() {
  if (!runtime) {
    const files = await fetchAll(["ort.wasm", "example.onnx"]);
    say(words.starting);
    const ort = await import(new URL("ort.js", PARTS));
    Object.assign(ort.env.wasm, { wasmBinary: files[0].buffer, numThreads: 1 });
    example = await openModel(ort, files[1]);
    [runtime, model] = [ort, Object.assign(example, { title: "example.onnx" })];
  }
}

async function fetchAll(names) {
  try {
    const answers = await Promise.all(names.map((name) => fetch(new URL(name, PARTS))));
    if (!answers.every((answer) => answer.ok)) throw new Error("HTTP");
    let got = 0;
    return await Promise.all(answers.map(async (answer) => {
      const parts = [];
      for (let reader = answer.body.getReader(), read; !(read = await reader.read()).done; ) {
        parts.push(read.value);
        got += read.value.length;
        say(words.loading(Math.min(99, Math.round((100 * got) / about.bytes))));
      }
      return new Uint8Array(await new Blob(parts).arrayBuffer());
    }));
  } catch (error) {
    throw Object.assign(new Error(words.notFetched, { cause: error }), { name: "" });
  }
}

function show(pixels, side, answers) {
  const canvas = make("canvas", { width: side, height: side });
  const context = canvas.getContext("2d"), image = context.createImageData(side, side);
  for (let k = 0; k < side * side; k++)
    image.data.set([...pixels.subarray(3 * k, 3 * k + 3), 255], 4 * k);
  context.putImageData(image, 0, 0);
  const rest = answers.slice(SHOWN);
  result.replaceChildren(
    make("figure", {}, canvas, make("figcaption", { textContent: words.sees(side) })),
    make("div", {}, make("h2", { textContent: words.answers }), bars(answers.slice(0, SHOWN)),
      ...(rest.length ? [make("details", {},
        make("summary", { textContent: words.more(rest.length) }), bars(rest))] : [])));
  result.hidden = false;
  say(`${answers[0].name}: ${percent(answers[0].probability)}`);
}

const percent = (probability) => `${(100 * probability).toFixed(1)} %`;

function bars(answers) {
  return make("ol", { className: "bars" }, ...answers.map(({ name, probability }) => {
    const bar = make("span", { className: "bar" });
    bar.style.width = `${100 * probability}%`;
    const row = make("li", {}, make("span", { textContent: name }), " ",
      make("span", { textContent: percent(probability) }), bar);
    Object.assign(row.dataset, { name, probability });
    return row;
  }));
}

async function openCamera() {
  try {
    if (!navigator.mediaDevices) { // a phone that got this page without https
      const camera = chooser("image/*", readFile);
      camera.setAttribute("capture", "environment");
      return camera.click();
    }
    video.srcObject = await navigator.mediaDevices.getUserMedia(
      { video: { facingMode: "environment" } });
    for (const element of [video, take, close]) element.hidden = false;
    open.hidden = true;
    take.focus();
  } catch {
    say(words.noCamera, true);
  }
}

function closeCamera() {
  video.srcObject?.getTracks().forEach((track) => track.stop());
  for (const element of [video, take, close]) element.hidden = true;
  open.hidden = false;
  open.focus();
}

function takePicture() {
  const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  closeCamera();
  canvas.toBlob((blob) => readFile(new File([blob], words.camera)), "image/png");
}

async function showToys() {
  about = await (await fetch(new URL("about.json", PARTS))).json();
  for (const name of about.names) {
    const source = new URL(`${name}.png`, PARTS);
    const choose = button("", async () =>
      readFile(new File([await (await fetch(source)).blob()], words.toy(name))));
    choose.append(make("img", { src: source, alt: words.toy(name) }));
    toys.append(choose);
  }
}

for (const kind of ["dragover", "drop"])
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    if (kind === "drop" && event.dataTransfer.files.length) readFile(event.dataTransfer.files[0]);
  });
await showToys();
ofExample.append(make("p", { textContent: words.about(about) }),
  make("p", { textContent: words.examples }), toys);
place.replaceChildren(drop, make("p", {}, open, take, close), video, status, result, ofExample,
  own);
