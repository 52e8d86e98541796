/**
 * What axe does not measure of WCAG 2.2 AA, of the screen that is shown: whether it fits a width of 320 px (1.4.10, as at 400 % zoom),
 * the size of what is pressed (2.5.8), larger spacing of text (1.4.12), and whether what has the focus is seen to have it (2.4.7, 2.4.11).
 */

const NARROW = { width: 320, height: 640 };

/** What is wrong, one line each. */
export async function geometry(page) {
  const wide = page.viewportSize();
  const unseen = await page.evaluate(focusUnseen);
  await page.setViewportSize(NARROW);
  // Charts and tables follow their own size, a frame later.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const narrow = await page.evaluate(sticksOut, 'at 320 px');
  const small = await page.evaluate(tooSmall);
  await page.evaluate(spaceOut);
  const spaced = [...await page.evaluate(sticksOut, 'with spaced text'), ...await page.evaluate(cutOff)];
  await page.evaluate(() => { document.adoptedStyleSheets = []; });
  await page.setViewportSize(wide);
  return [...unseen, ...narrow, ...small, ...spaced];
}

/** What is wider than the page and is not scrolled in a box of its own. */
function sticksOut(when) {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolls = (element) => element !== null && element !== document.body && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
  const out = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(element.parentElement));
  return [`${when} the page is ${root.scrollWidth} px wide: ${out.slice(0, 3).map((element) => `${element.tagName}.${element.className}#${element.id}`).join(', ')}`];
}

/** Less than 24 by 24 px, without so much room around; links within a sentence are as high as its line. */
function tooSmall() {
  const LEAST = 24;
  // Rows are alike: two of each table do.
  const targets = [...document.querySelectorAll('a[href], button, summary, input, select, textarea, [role=slider]')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.closest('tr:nth-child(n + 3)') === null)
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && box.height > 1);
  const isSmall = ({ box }) => box.width < LEAST - 0.5 || box.height < LEAST - 0.5;
  const inSentence = ({ element }) => element.tagName === 'A' && getComputedStyle(element).display === 'inline' && element.parentElement.textContent.trim() !== element.textContent.trim();
  const middle = ({ left, width, top, height }) => [left + width / 2, top + height / 2];
  const meets = (one, other) => {
    const [x, y] = middle(one.box);
    if (isSmall(other)) return Math.hypot(x - middle(other.box)[0], y - middle(other.box)[1]) < LEAST;
    const { left, right, top, bottom } = other.box;
    return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom)) < LEAST / 2;
  };
  return targets.filter((one) => isSmall(one) && !inSentence(one))
    .filter((one) => targets.some((other) => other !== one && !one.element.contains(other.element) && !other.element.contains(one.element) && meets(one, other)))
    .map(({ element, box }) => `too small to press: ${element.tagName}.${element.className} "${element.textContent.trim().slice(0, 30)}" is ${box.width.toFixed()} by ${box.height.toFixed()} px`);
}

/** As a reader's own style sheet would; the page's policy has nothing against one made by script. */
function spaceOut() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }');
  document.adoptedStyleSheets = [sheet];
}

/** Words that their box hides: of controls and headings, and figures. What ends in an ellipsis says the rest elsewhere, however it is spaced. */
function cutOff() {
  const hides = (element) => { const { overflowX, textOverflow } = getComputedStyle(element); return overflowX !== 'visible' && textOverflow !== 'ellipsis'; };
  return [...document.querySelectorAll('h1, h2, h3, button, .button, .choices a, dt, .tile-value, .tile-detail, .note, .summary')]
    .filter((element) => element.checkVisibility() && !element.closest('.visually-hidden') && hides(element) && element.scrollWidth > element.clientWidth + 1)
    .map((element) => `cut off with spaced text: ${element.tagName}.${element.className} "${element.textContent.trim().slice(0, 40)}"`);
}

/** Each in its turn: an outline around it, and nothing over it. */
function focusUnseen() {
  const before = document.activeElement;
  const focusable = [...document.querySelectorAll('a[href], button:not(:disabled), summary, input, select, textarea, [tabindex="0"]')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.closest('tr:nth-child(n + 3)') === null);
  const isOutlined = (element) => { const { outlineStyle, outlineWidth } = getComputedStyle(element); return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1; };
  const wrong = focusable.flatMap((element) => {
    element.focus({ focusVisible: true });
    if (document.activeElement !== element) return [];
    const name = `${element.tagName}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;
    // Of an editor the frame is outlined, which has the marked-up text beneath as well.
    if (!isOutlined(element) && !isOutlined(element.parentElement)) return [`focus is not seen: ${name}`];
    const box = element.getBoundingClientRect();
    const corners = [[box.left + 2, box.top + 2], [box.right - 2, box.bottom - 2], [box.left + box.width / 2, box.top + box.height / 2]];
    const seen = corners.some(([x, y]) => { const top = document.elementFromPoint(x, y); return top !== null && (element.contains(top) || top.contains(element)); });
    return seen ? [] : [`focus is covered: ${name}`];
  });
  before instanceof HTMLElement ? before.focus() : document.activeElement?.blur();
  scrollTo(0, 0);
  return wrong;
}
