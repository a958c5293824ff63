/** The page a browser gets that has no session: what to do about it, in one file without scripts. */

const STYLE = `
:root { color-scheme: light dark; --bg: light-dark(#f5f4f0, #0d1219); --surface: light-dark(#ffffff, #141a24); --sunken: light-dark(#f0eee9, #1b2330); --line: light-dark(#e3e0d9, #252f3e); --ink: light-dark(#151a23, #edf1f7); --ink-2: light-dark(#454e5c, #b1bbca); }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: var(--bg); color: var(--ink); font: 1rem/1.5 ui-sans-serif, system-ui, "Segoe UI", sans-serif; }
main { box-sizing: border-box; width: min(34rem, 100% - 2rem); margin: 1rem; padding: 2rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--surface); }
p { margin: 0.75rem 0 0; color: var(--ink-2); }
h1 { margin: 0; font-size: 1.375rem; line-height: 1.3; letter-spacing: -0.015em; }
pre { margin: 0.5rem 0 0; padding: 0.75rem 1rem; border-radius: 0.5rem; background: var(--sunken); overflow-x: auto; font: 0.9375rem/1.4 ui-monospace, "SF Mono", "Cascadia Mono", monospace; }
`;

/** The whole page; `sentence` says what is wrong, `nonce` is the one that the policy sent with it lets its style in by. */
export function signedOutPage(sentence: string, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not signed in · ZPU</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<main>
<h1>This browser is not signed in</h1>
<p>${sentence} Open the address that the node printed; each is good for one browser.</p>
<p>For a fresh address, run this in the project&#39;s folder:</p>
<pre><code>npx zpu-node open</code></pre>
<p>Where the command is installed for the whole machine:</p>
<pre><code>zpu-node open</code></pre>
</main>
</body>
</html>
`;
}
