// What the page that classifies says, in each language of the site.

const WORDS = {
  en: {
    drop: "Drop a picture here, or", choose: "choose a picture",
    camera: "Use the camera", take: "Take the picture", close: "Close the camera",
    examples: "No picture at hand? These toys are new to the network:",
    toy: (name) => `Toy: ${name}`,
    about: (a) => `The example knows ${a.names.length} classes of toys (${a.names.join(", ")}) and ` +
      `nothing else. Of ${a.pictures} new toys it gets ${Math.round(100 * a.accuracy)} % right. ` +
      `Its file is rounded to 8 bits, which changes a probability by ${a.difference.toFixed(2)} ` +
      "at most.",
    own: "Use your own model", chooseModel: "choose a model",
    ownHint: "A file that ends in .onnx, from utils.photos.ship:",
    back: "Back to the example",
    loading: (percent) => `Fetching the classifier: ${percent} %`, starting: "Starting …",
    reading: (name) => `Reading ${name} …`,
    loaded: (name, m) => `${name}: ${m.names.length} classes, pictures of ${m.side} × ${m.side} ` +
      "pixels. Now give it a picture.",
    sees: (side) => `What the network sees: ${side} × ${side} pixels`,
    answers: "Probabilities", more: (count) => `${count} less likely classes`,
    notPicture: (name) => `${name} is not a picture that this browser can read. ` +
      "Take a JPEG, PNG or WebP file.",
    notOnnx: (name) => `${name} is not a model in ONNX. Export one with utils.photos.ship.`,
    otherInput: (name) => `${name} takes other inputs than one square RGB picture, float32 ` +
      "[n, side, side, 3]. Export the model with utils.photos.ship.",
    noProbabilities: (name) => `The outputs of ${name} are no probabilities: they do not add up ` +
      "to 1. The model needs a softmax at its end.",
    noCamera: "No camera could be opened. Allow it in the browser, or choose a picture.",
    notFetched: "The classifier could not be fetched. Are you online? Reload the page.",
  },
  zh: {
    drop: "把图片拖到这里，或", choose: "选择图片",
    camera: "使用摄像头", take: "拍照", close: "关闭摄像头",
    examples: "手边没有图片？这些玩具图网络没有见过：",
    toy: (name) => `玩具图：${name}`,
    about: (a) => `示例模型只认识 ${a.names.length} 类玩具图（${a.names.join("、")}）。` +
      `${a.pictures} 张新玩具图中，它答对 ${Math.round(100 * a.accuracy)} %。` +
      `文件中的数舍入到 8 位，概率因此最多改变 ${a.difference.toFixed(2)}。`,
    own: "使用自己的模型", chooseModel: "选择模型",
    ownHint: "utils.photos.ship 导出的 .onnx 文件：",
    back: "回到示例模型",
    loading: (percent) => `正在下载分类器：${percent} %`, starting: "正在启动……",
    reading: (name) => `正在读取 ${name}……`,
    loaded: (name, m) => `${name}：${m.names.length} 个类别，图片 ${m.side} × ${m.side} 像素。` +
      "现在请给它一张图片。",
    sees: (side) => `网络看到的图片：${side} × ${side} 像素`,
    answers: "概率", more: (count) => `另外 ${count} 个可能性更小的类别`,
    notPicture: (name) => `浏览器读不出图片 ${name}。请用 JPEG、PNG 或 WebP 文件。`,
    notOnnx: (name) => `${name} 不是 ONNX 模型。请用 utils.photos.ship 导出。`,
    otherInput: (name) => `${name} 的输入不是一张正方形 RGB 图片 float32 [n, side, side, 3]。` +
      "请用 utils.photos.ship 导出模型。",
    noProbabilities: (name) => `${name} 的输出之和不是 1，不是概率。模型末尾需要 softmax。`,
    noCamera: "打不开摄像头。请在浏览器中允许使用，或选择一张图片。",
    notFetched: "下载不了分类器。请检查网络，然后重新载入本页。",
  },
};

export const language = document.documentElement.lang.slice(0, 2);
export const words = WORDS[language] || WORDS.en;
