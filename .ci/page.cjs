// Opens every page, served with its own policy, and reports what is wrong with it. Exits 1 on anything.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [pages, shots] = process.argv.slice(2);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const VIEWS = [];
for (const width of [320, 768, 1280]) for (const colorScheme of ['light', 'dark']) VIEWS.push({ width, colorScheme });

let wrong = 0;
let checked = 0;
function report(page, view, text) {
  wrong += 1;
  console.log(`WRONG ${page} at ${view}: ${text}`);
}

// What holds in a browser and in no test of the text.
async function inspect(page, name, view, { width, colorScheme }) {
  const seen = await page.evaluate(() => {
    const color = (element) => getComputedStyle(element).backgroundColor;
    const reference = document.querySelector('.reference');
    // The text itself, not its box: labels may reach over the lines beside them, not over each other.
    const extent = (element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getBoundingClientRect();
    };
    const stations = [...document.querySelectorAll('.way li:not(.link)')].map((li) => [...li.querySelectorAll('b, span')].map(extent));
    const figure = document.querySelector('figure').getBoundingClientRect();
    const all = stations.flat();
    const apart = (a, b) => a.right <= b.left || b.right <= a.left;
    const crowded = stations.some((one, n) => stations.slice(n + 1).some((two) => one.some((a) => two.some((b) => !apart(a, b)))))
      || all.some((box) => box.left < figure.left || box.right > figure.right);
    return {
      crowded,
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      background: color(document.body),
      selects: reference && getComputedStyle(reference).userSelect,
      animated: document.getAnimations().length,
      clipped: [...document.querySelectorAll('main *')]
        .filter((e) => !e.closest('.way') && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
        .map((e) => e.tagName),
    };
  });
  if (seen.over > 0) report(name, view, `${seen.over} px wider than ${width}`);
  const dark = seen.background.match(/\d+/g).slice(0, 3).every((part) => Number(part) < 64);
  if (seen.background === 'rgba(0, 0, 0, 0)') report(name, view, 'the style sheet is not applied: the hash in the policy is wrong');
  else if (dark !== (colorScheme === 'dark')) report(name, view, `the background is ${seen.background}`);
  if (seen.selects && seen.selects !== 'all') report(name, view, 'the reference is not selected as a whole');
  if (seen.animated) report(name, view, 'something moves');
  if (seen.crowded) report(name, view, 'labels on the way touch each other or the edge');
  if (seen.clipped.length) report(name, view, `text sticks out of ${seen.clipped}`);
}

async function main() {
  const names = fs.readdirSync(pages).filter((file) => file.endsWith('.html')).map((file) => file.slice(0, -5)).sort();
  const server = http.createServer((request, response) => {
    const name = path.basename(request.url);
    // The browser asks for an icon by itself.
    if (!names.includes(name)) return response.writeHead(204).end();
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': fs.readFileSync(path.join(pages, `${name}.policy`), 'utf8'),
    });
    response.end(fs.readFileSync(path.join(pages, `${name}.html`)));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${server.address().port}`;
  fs.mkdirSync(shots, { recursive: true });
  const options = { executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: FLAGS };
  const browser = await chromium.launch(options);

  async function visit(name, context, view, work) {
    const tab = await browser.newContext(context);
    const page = await tab.newPage();
    page.on('console', (message) => report(name, view, `the browser says: ${message.text()}`));
    page.on('request', (request) => {
      const url = request.url();
      if (url !== `${base}/${name}` && !url.endsWith('/favicon.ico')) report(name, view, `asks for ${url}`);
    });
    await page.goto(`${base}/${name}`);
    await work(page);
    await tab.close();
  }

  for (const name of names) {
    for (const look of VIEWS) {
      const view = `${look.width} px, ${look.colorScheme}`;
      const context = { viewport: { width: look.width, height: 800 }, colorScheme: look.colorScheme };
      // First with the policy in force, then without it, because axe is a script.
      await visit(name, context, view, async (page) => {
        await inspect(page, name, view, look);
        await page.screenshot({ path: path.join(shots, `${name}-${look.width}-${look.colorScheme}.png`), fullPage: true });
      });
      await visit(name, { ...context, bypassCSP: true }, view, async (page) => {
        await page.evaluate(axe);
        const { violations, incomplete, passes } = await page.evaluate(() => window.axe.run({
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        }));
        checked += passes.length;
        for (const rule of [...violations, ...incomplete]) {
          const nodes = rule.nodes.map((node) => `${node.html} ${node.any.map((check) => check.message)}`).join('; ');
          report(name, view, `${rule.id}: ${rule.help}: ${nodes}`);
        }
      });
    }
    await visit(name, { viewport: { width: 640, height: 800 }, forcedColors: 'active' }, 'forced colors', async (page) => {
      await page.screenshot({ path: path.join(shots, `${name}-forced.png`), fullPage: true });
    });
    await visit(name, { viewport: { width: 640, height: 800 }, colorScheme: 'dark' }, 'print', async (page) => {
      await page.emulateMedia({ media: 'print' });
      // Paper is white, and printers leave backgrounds out.
      const color = await page.evaluate(() => getComputedStyle(document.body).color);
      if (!color.match(/\d+/g).every((part) => Number(part) < 64)) report(name, 'print', `the text is ${color}`);
      await page.screenshot({ path: path.join(shots, `${name}-print.png`), fullPage: true });
    });
  }
  await browser.close();
  server.close();
  console.log(`${names.length} pages in ${VIEWS.length} views each: ${checked} rules of axe passed, ${wrong} things wrong`);
  process.exitCode = wrong ? 1 : 0;
}

main();
