import { textOf } from '../view/row/summary';
import type { Fields } from '../view/state/read';
import { trans } from '../view/words';

/** Shows an SVG as a picture: in an image nothing inside it can run or load anything. */
export function svgPicture(bundle: Fields, node: HTMLElement): void {
  const svg = textOf(bundle['image/svg+xml']);
  if (svg === '') throw new Error(`No way to show ${Object.keys(bundle).join(', ')}`);
  picture('image/svg+xml', encodeURIComponent(svg), '', node);
}

/** Shows base64 data as a picture. */
export function bitmapPicture(type: string, base64: string, node: HTMLElement): void {
  picture(type, base64.replaceAll('\n', ''), ';base64', node);
}

/** Names the pictures that nobody has named. */
export function namePictures(node: HTMLElement): void {
  for (const image of node.querySelectorAll('img:not([alt])'))
    image.setAttribute('alt', trans.__('A picture'));
}

function picture(type: string, data: string, encoding: string, node: HTMLElement): void {
  const image = document.createElement('img');
  image.src = `data:${type}${encoding},${data}`;
  image.alt = trans.__('A picture');
  node.replaceChildren(image);
}
